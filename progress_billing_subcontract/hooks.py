"""What has to be done once, when the addon comes to a database that already has a chart of accounts."""


def post_init_hook(env):
    """Give every company that has a chart of accounts the accounts of the vendors' side."""
    companies = env['res.company'].search([('chart_template', '!=', False)], order='parent_path')
    companies._set_up_progress_vendor_accounts()
