{
    'name': 'Progress Billing: Job Queue',
    'summary': 'Billing runs as jobs, one contract each, on as many workers as there are',
    'version': '19.0.1.0.0',
    'category': 'Accounting/Accounting',
    'author': 'Progress Billing contributors',
    'license': 'LGPL-3',
    'depends': ['progress_billing', 'queue_job'],
    'data': [
        'security/ir.model.access.csv',
        'security/progress_billing_queue_job_security.xml',
        'data/queue_job_data.xml',
        'views/progress_run_views.xml',
    ],
    'auto_install': True,
}
