{
    'name': 'Progress Billing: Compliance of Subcontractors',
    'summary': 'No invitation to bill while a document is missing that stops it; waivers on the claim',
    'version': '19.0.1.0.0',
    'category': 'Accounting/Accounting',
    'author': 'Progress Billing contributors',
    'license': 'LGPL-3',
    'depends': ['progress_billing_subcontract', 'progress_billing_compliance'],
    'data': [
        'views/progress_bill_views.xml',
        'views/progress_contract_views.xml',
        'views/progress_portal_templates.xml',
    ],
    'auto_install': True,
}
