"""pytest plugin: companies with a chart of accounts are made once a database, before the first test."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def prepared_companies(load_registry):
    """Commit them; the addon's tests say which and how they are taken."""
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.tests.common import get_db_name

    from odoo.addons.account.tests.common import AccountTestInvoicingCommon
    from odoo.addons.progress_billing.tests import prepared_companies

    class Maker(AccountTestInvoicingCommon):
        """Odoo's own way to make one, outside of a test."""

    with Registry(get_db_name()).cursor() as cr:
        Maker.env = api.Environment(cr, SUPERUSER_ID, Maker.default_env_context())
        prepared_companies.prepare(Maker.env, lambda name: Maker._create_company(name=name))
