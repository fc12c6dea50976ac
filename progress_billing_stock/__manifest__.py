{
    'name': 'Progress Billing: Shipments',
    'summary': 'Invoice deliveries by themselves, unless the order has been billed in stages first',
    'version': '19.0.1.0.0',
    'category': 'Accounting/Accounting',
    'author': 'Progress Billing contributors',
    'license': 'LGPL-3',
    'depends': ['progress_billing_sale', 'sale_stock'],
    'data': [
        'wizard/res_config_settings_views.xml',
    ],
    'auto_install': True,
}
