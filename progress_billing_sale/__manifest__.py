{
    'name': 'Progress Billing: Sales Orders',
    'summary': 'Bill a sales order in stages, with Odoo\'s own figures of the order right at every step',
    'version': '19.0.1.0.0',
    'category': 'Accounting/Accounting',
    'author': 'Progress Billing contributors',
    'license': 'LGPL-3',
    'depends': ['progress_billing', 'sale_project'],
    'data': [
        'security/ir.model.access.csv',
        'security/progress_billing_sale_security.xml',
        'views/progress_contract_line_views.xml',
        'views/progress_contract_change_views.xml',
        'views/progress_contract_views.xml',
        'views/sale_order_views.xml',
        'report/sale_order_templates.xml',
    ],
    'demo': [
        'demo/sale_order_demo.xml',
    ],
    'assets': {
        'web.assets_tests': [
            'progress_billing_sale/static/tests/tours/*.js',
        ],
    },
    'auto_install': True,
}
