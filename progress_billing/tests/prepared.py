"""What test classes start with, made once a database instead of once a class.

``bin/test`` has it committed before the first test. A class takes it within its own transaction, so that the next one
finds it as new. Where it is not there (``odoo --test-enable``), each class makes its own, as Odoo does.
"""

import hashlib
import json
from pathlib import Path
from unittest.mock import patch

from passlib.context import CryptContext

from odoo import SUPERUSER_ID, Command, api, models
from odoo.tests import TransactionCase

PARAMETER = 'progress_billing.prepared_for_tests'
NUMBER = 1  # for setup_other_company(), beside the one of all classes
NAME = "Prepared company %s"
#: what is prepared follows from these files: in a database that is kept, it is made anew when they change
RECIPE = ('prepared.py', 'builders.py', 'common.py')
#: attributes of a class that has been set up: records as ``[model, ids]``, plain values as ``{'': value}``
attributes = {}


def prepare(cr, common):
    """Have all there is, once a process; the caller commits.

    :param common: the test class whose set-up is done here instead of by each class
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    noted = json.loads(env['ir.config_parameter'].get_param(PARAMETER, '{}'))
    recipe = hashlib.sha256(b''.join(Path(__file__).with_name(name).read_bytes() for name in RECIPE)).hexdigest()[:16]
    if noted.get('recipe') != recipe:
        for user in env['res.users'].search([('company_id', '=', noted.get('company', 0))]):
            user.write({'login': f'retired_{user.id}', 'active': False})  # its login is wanted again
        case = _get_case(common, recipe)
        case.cr, case.env = cr, env(context=common.default_env_context())
        _make_companies(env, lambda name: common._create_company.__func__(case, name=name))
        values = _set_up(case)
        packed = {name: _pack(value) for name, value in values.items()}
        noted = {'recipe': recipe, 'company': values['company'].id, 'attributes': packed}
        env['ir.config_parameter'].set_param(PARAMETER, json.dumps(noted))
    attributes.update(noted['attributes'])


def _get_case(common, name):
    class Prepared(common):
        """Its company has a name of its own: that of Odoo's tests is wanted by a class that makes one."""

        @classmethod
        def _create_company(cls, **vals):
            return super()._create_company(**{**vals, 'name': NAME % name})

    return Prepared


def take(env):
    """The attributes a class starts with, their records in the environment ``env``."""
    return {name: _unpack(packed, env) for name, packed in attributes.items()}


def _set_up(case):
    """Do the set-up outside of a test; returns what it has put on the class that can be noted."""
    cheap = CryptContext(['pbkdf2_sha512', 'plaintext'], pbkdf2_sha512__rounds=1)  # as Odoo's tests have it
    password = 'odoo.addons.base.models.res_users.ResUsersPatchedInTest._crypt_context'
    with patch.object(TransactionCase, 'setUpClass', lambda: None), patch(password, lambda self: cheap):
        case.setUpClass()
    return {name: value for name, value in vars(case).items() if _pack(value) is not None and not name.startswith('__')}


def _pack(value):
    if isinstance(value, models.BaseModel):
        return [value._name, value.ids]
    if isinstance(value, dict):
        return {name: _pack(one) for name, one in value.items()}
    return {'': value} if isinstance(value, (str, int, float)) else None


def _unpack(packed, env):
    if isinstance(packed, list):
        return env[packed[0]].browse(packed[1])
    return packed[''] if '' in packed else {name: _unpack(one, env) for name, one in packed.items()}


# === FURTHER COMPANIES === #


def _make_companies(env, make):
    """Have ``NUMBER`` companies at hand, archived, so that nobody meets them.

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


def take_company(env, name):
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
