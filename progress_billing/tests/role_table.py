"""Tables of roles: who may do what, cell by cell, as a user of that role does it over the wire.

A table is data: a row says a task and the lowest level of rights that does it. How a task is done stands apart
(:class:`Tasks`): by a call (``execute_kw``) or by an address. Each cell is tried as it stands in the database, and
undone.
"""

import xmlrpc.client
from contextlib import contextmanager
from typing import NamedTuple

from odoo.sql_db import Savepoint
from odoo.tests import new_test_user
from odoo.tools import mute_logger

#: levels of rights, from the lowest: None, Read Only, Standard, Admin
LEVELS = ('none', 'readonly', 'user', 'manager')
#: what XML-RPC answers to whoever may not (``odoo.addons.rpc.controllers.xmlrpc``)
NO_ACCESS = 4
QUIET = ('odoo.http', 'odoo.addons.rpc.controllers.xmlrpc', 'odoo.sql_db', 'odoo.addons.base.models.ir_rule')
QUIET += ('odoo.addons.base.models.ir_model', 'odoo.models', 'odoo.addons.web.controllers.report')


class Row(NamedTuple):
    """A task, and the lowest level that does it; ``None`` where no level does."""

    task: str
    level: str | None


class RoleTable:
    """Runs the rows of a table on a test case, which is an ``HttpCase``.

    :param case: the test case
    :param tasks: has a method for each task: it prepares what the task is about as superuser, and returns
        ``call(model, method, ids, *args)`` or ``page(address)``
    :param str prefix: of the groups of the side, as ``progress_billing.group_``
    :param tuple everybody: XML ids of groups that all users have beside
    :param tuple extra: those that all have but the one of level None, for they may imply another level
    """

    def __init__(self, case, tasks, prefix='progress_billing.group_', everybody=(), extra=()):
        self.case, self.tasks = case, tasks
        self.users = {
            level: self._make_user(level, prefix, (*everybody, *(extra if level != 'none' else ()))) for level in LEVELS
        }

    def _make_user(self, level, prefix, extra):
        groups = ['base.group_user', *([] if level == 'none' else [prefix + level]), *extra]
        login = f'{prefix.rsplit(".", 1)[-1]}{level}_of_table'
        return new_test_user(self.case.env, login=login, groups=','.join(groups), company_id=self.case.company.id)

    def check(self, rows):
        """Try every cell: each is a sub-test of its own, on what was prepared for its row."""
        for row in rows:
            with self.case.subTest(task=row.task), self._undone():
                deed = getattr(self.tasks, row.task)()
                for level in LEVELS:
                    may = row.level is not None and LEVELS.index(level) >= LEVELS.index(row.level)
                    with self.case.subTest(level=level):
                        with self._undone():
                            found, why = self._try(deed, self.users[level])
                        self.case.assertEqual(found, may, why)

    @contextmanager
    def _undone(self):
        """Whatever is done in the block is taken back."""
        self.case.env.flush_all()
        savepoint = Savepoint(self.case.env.cr)
        try:
            yield
        finally:
            savepoint.rollback()
            savepoint.close()
            self.case.env.invalidate_all(flush=False)

    def _try(self, deed, user):
        """Whether a user may, and what was answered."""
        self.case.env.flush_all()
        with mute_logger(*QUIET):
            return deed(self.case, user)


def call(model, method, ids, *args, **kwargs):
    """A task that is a call over XML-RPC; any answer but "you may not" is one.

    :param ids: of the records, or ``None`` for a method of the model
    """

    def deed(case, user):
        params = [*([] if ids is None else [ids]), *args]
        who = (case.env.cr.dbname, user.id, user.login)  # whose password is asked for with each call
        try:
            answer = case.xmlrpc_object.execute_kw(*who, model, method, params, kwargs)
        except xmlrpc.client.Fault as fault:
            case.assertEqual(fault.faultCode, NO_ACCESS, fault.faultString)
            return False, fault.faultString
        finally:
            case.env.invalidate_all()
        return True, str(answer)[:200]

    return deed


def finds(model, domain):
    """A task that is reading a list: whoever may not sees nothing, or is told so."""

    def deed(case, user):
        found, why = call(model, 'search_count', None, domain)(case, user)
        return found and why != '0', why

    return deed


def page(address):
    """A task that is opening an address: 200, or it is refused."""

    def deed(case, user):
        case.authenticate(user.login, user.login)
        response = case.url_open(address, timeout=60, allow_redirects=False)
        case.env.invalidate_all()
        case.assertIn(response.status_code, (200, 303, 400, 403, 404, 500), address)
        return response.status_code == 200, f'{address}: {response.status_code}'

    return deed
