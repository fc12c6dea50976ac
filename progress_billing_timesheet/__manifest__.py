{
    'name': 'Progress Billing: Hours and Expenses',
    'summary': 'Bill a fixed fee from its timesheets: hours, expenses, products and agreements on one screen',
    'version': '19.0.1.1.0',
    'category': 'Accounting/Accounting',
    'author': 'Progress Billing contributors',
    'license': 'LGPL-3',
    'depends': ['progress_billing_sale', 'sale_timesheet'],
    'data': [
        'security/ir.model.access.csv',
        'security/progress_billing_timesheet_security.xml',
        'views/progress_bill_create_views.xml',
        'views/account_analytic_line_views.xml',
        'views/progress_contract_views.xml',
        'security/progress_agreement_security.xml',
        'views/progress_agreement_views.xml',
        'views/progress_realisation_views.xml',
        'views/account_portal_templates.xml',
        'report/account_invoice_templates.xml',
    ],
    'demo': [
        'demo/website_lindqvist_demo.xml',
    ],
    'assets': {
        'web.assets_backend': [
            'progress_billing_timesheet/static/src/**/*',
        ],
        'web.assets_tests': [
            'progress_billing_timesheet/static/tests/tours/*.js',
        ],
    },
    'auto_install': True,
}
