{
    'name': 'Progress Billing: Hours and Expenses',
    'summary': 'Bill a fixed fee from its timesheets: hours, expenses, products and agreements on one screen',
    'version': '19.0.1.0.0',
    'category': 'Accounting/Accounting',
    'author': 'Progress Billing contributors',
    'license': 'LGPL-3',
    'depends': ['progress_billing_sale', 'sale_timesheet'],
    'data': [
        'security/ir.model.access.csv',
        'security/progress_billing_timesheet_security.xml',
        'views/progress_bill_create_views.xml',
    ],
    'auto_install': True,
}
