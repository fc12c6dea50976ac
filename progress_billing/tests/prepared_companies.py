"""Companies with a chart of accounts, made once a database instead of once a test class.

``bin/test`` commits a few of them before the first test. A class takes one within its own transaction, so that the
next class finds it as new. Where there is none (``odoo --test-enable``), companies are made as Odoo makes them.
"""

from odoo import Command

NUMBER = 2  # a class and its setup_other_company()
NAME = "Prepared company %s"


def prepare(env, make):
    """Have ``NUMBER`` companies at hand, archived, so that nobody meets them.

    :param env: a superuser's environment; the caller commits
    :param make: Odoo's own function, which returns a new company with a chart, by its name
    """
    companies = env['res.company'].with_context(active_test=False)
    for number in range(1, NUMBER + 1):
        name = NAME % number
        if companies.search_count([('name', '=', name)]):
            continue
        company = make(name)
        company.active = False
        env['res.users'].with_context(active_test=False).search([('company_ids', 'in', company.ids)]).company_ids = [
            Command.unlink(company.id)
        ]


def take(env, name):
    """An unused company under the name ``name``, as if ``env.user`` had just made it; empty when there is none."""
    companies = env['res.company'].with_context(active_test=False)
    company = companies.search(
        [('name', 'in', [NAME % number for number in range(1, NUMBER + 1)]), ('active', '=', False)],
        order='name',
        limit=1,
    ).with_env(env)
    if company:
        company.write({'active': True, 'name': name})
        (env.user | env.ref('base.user_root')).write({'company_ids': [Command.link(company.id)]})
    return company
