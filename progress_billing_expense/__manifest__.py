{
    'name': 'Progress Billing: Expenses of Employees',
    'summary': 'Bill what employees spent on top of a fixed fee, from the list of expenses',
    'version': '19.0.1.0.0',
    'category': 'Accounting/Accounting',
    'author': 'Progress Billing contributors',
    'license': 'LGPL-3',
    'depends': ['progress_billing_timesheet', 'project_sale_expense'],
    'data': [
        'views/hr_expense_views.xml',
    ],
    'demo': [
        'demo/website_lindqvist_demo.xml',
    ],
    'auto_install': True,
}
