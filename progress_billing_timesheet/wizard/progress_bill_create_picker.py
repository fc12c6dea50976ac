from dateutil.relativedelta import relativedelta

from odoo import Command, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

GROUPS = ('project_id', 'employee_id', 'task_id', 'date:month')
FILTERS = ('all', 'ticked', 'open', 'no_rate', 'non_billable')
KINDS = ('time', 'expense', 'product')
PAGE = 80


class ProgressBillCreatePicker(models.TransientModel):
    """The lists of the screen: pages and groups of what can be ticked, and ticking in the database.

    A person sees and ticks what they may read; the sums of the screen are the project's.
    """

    _name = 'progress.bill.create'
    _inherit = 'progress.bill.create'

    # === READING === #

    def read_entry_groups(self, group_by=None, search='', shown='all'):
        """Groups of the time entries that the user may see; one for all without ``group_by``.

        :param str group_by: ``project_id``, ``employee_id``, ``task_id`` or ``date:month``
        :param str search: text looked for in description, employee and task
        :param str shown: ``all``, ``ticked``, ``open``, ``no_rate`` or ``non_billable``
        :return list: dicts with ``key``, ``label``, ``count``, ``hours``, ``value``, ``billable`` (how many can be
            ticked) and ``ticked`` (how many are)
        :raises UserError: for a choice that is none
        """
        self.ensure_one()
        self._check_choice(group_by, (None, False, *GROUPS))
        domain, lines = self._get_shown_domain(search, shown), self.env['account.analytic.line']
        if not lines.has_access('read'):
            return []
        by = [group_by] if group_by else []
        sums = ['__count', 'unit_amount:sum', 'progress_value:sum']
        rows = lines._read_group(domain, by, sums)
        billable = lines._read_group(domain & Domain('is_progress_billable', '=', True), by, ['__count'])
        ticked = lines._read_group(domain & self._get_all_ticked_domain(), by, ['__count'])
        billable, ticked = ({row[:-1]: row[-1] for row in found} for found in (billable, ticked))
        return [
            {
                'key': self._get_group_key(row[:-3]),
                'label': self._get_group_label(row[:-3]),
                'count': row[-3],
                'hours': row[-2] or 0.0,
                'value': row[-1] or 0.0,
                'billable': billable.get(row[:-3], 0),
                'ticked': ticked.get(row[:-3], 0),
            }
            for row in rows
            if row[-3]
        ]

    def read_entries(self, group_by=None, key=None, search='', shown='all', offset=0, limit=PAGE):
        """A page of the time entries that the user may see, in a group.

        :param str group_by: as there
        :param key: of the group, as :meth:`read_entry_groups` gave it
        :param str search: text looked for in description, employee and task
        :param str shown: as there
        :param int offset: how many to leave out
        :param int limit: how many at most, 500 at once
        :return list: dicts with ``id``, ``date``, ``employee``, ``task``, ``name``, ``hours``, ``rate``, ``value``,
            ``billable``, ``ticked`` and ``remark``
        :raises UserError: for a choice that is none
        """
        self.ensure_one()
        lines = self.env['account.analytic.line']
        if not lines.has_access('read'):
            return []
        domain = self._get_shown_domain(search, shown) & self._get_group_domain(group_by, key)
        offset, limit = self._read_count(offset), min(self._read_count(limit), 500)
        entries = lines.search(domain, offset=offset, limit=limit, order='date, id')
        ticked = set(self._get_ticked_ids(entries.ids))
        return [
            {
                'id': entry.id,
                'date': format_date(self.env, entry.date),
                'name': entry.name or '',
                'hours': entry.unit_amount,
                'rate': entry.progress_rate,
                'value': entry.progress_value,
                'billable': entry.is_progress_billable,
                'ticked': entry.is_progress_billable and entry.id in ticked,
                'remark': entry._get_rate_remark(),
                **self._get_entry_names(entry),
            }
            for entry in entries
        ]

    def _get_entry_names(self, entry):
        """Who worked on what: names on an entry that the user may read."""
        entry = entry.sudo()  # sudo: hr.employee - its name, as those of task and project
        names = {'project': entry.project_id, 'employee': entry.employee_id, 'task': entry.task_id}
        return {key: record.display_name or '' for key, record in names.items()}

    def read_order_lines(self, kind):
        """Expenses or products that the user may see and that can be billed now.

        :param str kind: ``expense`` or ``product``
        :return list: dicts with ``id``, ``order``, ``name``, ``quantity``, ``amount`` and ``ticked``
        :raises UserError: for a choice that is none
        """
        self.ensure_one()
        self._check_choice(kind, KINDS[1:])
        if not self.env['sale.order.line'].has_access('read'):
            return []
        result = []
        for wizard in self.child_ids or self:
            lines = wizard._get_order_lines_to_tick(kind).with_env(self.env)._filtered_access('read')
            # sudo: sale.order.line - sums of lines that the user may read
            figures = lines.sudo()._get_progress_amounts_to_invoice()
            for line in lines.sudo():
                quantity, untaxed, _taxed = figures[line]
                result.append(
                    {
                        'id': line.id,
                        'order': line.order_id.name,
                        'name': line.name.split('\n')[0],
                        'quantity': quantity,
                        'amount': untaxed,
                        'ticked': line.id in wizard[f'{kind}_line_ids'].ids,
                    }
                )
        return result

    # === TICKING === #

    def tick_entries(self, ticked, ids=None, group_by=None, key=None, search='', shown='all'):
        """Tick or untick time entries: some by id, a group, or all that are shown. Non-billable ones never are.

        :param bool ticked: whether they are to be ticked
        :param list ids: of the entries; all shown in the group unless given
        :param str group_by: of the group, none for all; see :meth:`read_entry_groups`
        :param key: of the group, as it was given there
        :param str search: only what the search lets through
        :param str shown: only what the filter lets through
        :return bool: true
        :raises AccessError: for users who may not read time entries
        :raises UserError: for a choice that is none
        """
        self.ensure_one()
        self.check_access('write')
        lines = self.env['account.analytic.line']
        lines.check_access('read')
        domain = self._get_shown_domain(search, shown) & self._get_group_domain(group_by, key)
        if ids is not None:
            domain &= Domain('id', 'in', self._read_ids(ids))
        for wizard in self.child_ids or self:
            query = lines._search(domain & wizard._get_billable_domain())
            if ticked:
                statement = SQL(
                    "INSERT INTO progress_bill_create_time_rel (wizard_id, entry_id) SELECT %s, found.id FROM (%s) "
                    "AS found ON CONFLICT DO NOTHING",
                    wizard.id,
                    query.select(),
                )
            else:
                statement = SQL(
                    "DELETE FROM progress_bill_create_time_rel WHERE wizard_id = %s AND entry_id IN (%s)",
                    wizard.id,
                    query.select(),
                )
            self.env.flush_query(statement)
            self.env.cr.execute(statement)
        self.invalidate_recordset()
        self.child_ids.invalidate_recordset()
        return True

    def tick_order_lines(self, kind, ticked, ids):
        """Tick or untick expenses or products.

        :param str kind: ``expense`` or ``product``
        :param bool ticked: whether they are to be ticked
        :param list ids: of order lines
        :return bool: true
        :raises UserError: for a choice that is none
        """
        self.ensure_one()
        self._check_choice(kind, KINDS[1:])
        lines = self.env['sale.order.line'].browse(self._read_ids(ids))
        lines.check_access('read')
        for wizard in self.child_ids or self:
            mine = lines & wizard._get_order_lines_to_tick(kind).with_env(self.env)
            command = Command.link if ticked else Command.unlink
            wizard.write({f'{kind}_line_ids': [command(line.id) for line in mine]})
        return True

    # === WHAT CALLERS SEND === #

    def _read_count(self, value):
        """:raises UserError: for what is no number of lines"""
        number = int(self._read_number(value))
        if number < 0:
            raise UserError(self.env._("“%s” is no number of lines: send zero or more.", value))
        return number

    def _read_ids(self, ids):
        """Ids of records; those that say nothing are left out.

        :raises UserError: for anything else
        """
        if not isinstance(ids, (list, tuple)) or any(one is not False and type(one) is not int for one in ids):
            raise UserError(self.env._("“%s” is no list of records.", str(ids)[:80]))
        return [one for one in ids if one]

    # === DOMAINS === #

    def _check_choice(self, value, choices):
        if value not in choices:
            raise UserError(
                self.env._(
                    "Choose one of %(choices)s, not %(value)s.",
                    choices=', '.join(filter(None, choices)),
                    value=value,
                )
            )

    def _get_shown_domain(self, search, shown):
        """What the list shows: entries that count on the screen, as far as search and filter let them through."""
        self._check_choice(shown, FILTERS)
        domain = Domain.OR([wizard._get_time_domain() for wizard in self.child_ids or self])
        if search:
            text = self.env['progress.contract']._read_text(search)
            domain &= Domain.OR([Domain(name, 'ilike', text) for name in ('name', 'employee_id', 'task_id')])
        if shown == 'ticked':
            domain &= self._get_all_ticked_domain()
        elif shown == 'open':
            domain &= ~self._get_all_ticked_domain()
        elif shown == 'no_rate':
            domain &= Domain('progress_rate_source', 'in', (False, 'none'))
        elif shown == 'non_billable':
            domain &= Domain('is_progress_billable', '=', False)
        return domain

    def _get_all_ticked_domain(self):
        return Domain.OR([wizard._get_ticked_domain() for wizard in self.child_ids or self])

    def _get_ticked_ids(self, ids):
        wizards = self.child_ids or self
        rows = self.env.execute_query(
            SQL(
                "SELECT entry_id FROM progress_bill_create_time_rel WHERE wizard_id = ANY(%s) AND entry_id = ANY(%s)",
                wizards.ids,
                ids,
            )
        )
        return [row[0] for row in rows]

    def _get_group_key(self, values):
        if not values or not values[0]:
            return False
        value = values[0]
        return value.id if isinstance(value, models.BaseModel) else value.isoformat()

    def _get_group_label(self, values):
        if not values:
            return self.env._("All entries")
        value = values[0]
        if not value:
            return self.env._("None")
        if isinstance(value, models.BaseModel):
            return value.sudo().display_name  # sudo: hr.employee - a name on entries that the user may read
        return format_date(self.env, value, date_format='MMMM yyyy')

    def _get_group_domain(self, group_by, key):
        """Entries of a group; all of them where nothing groups them."""
        self._check_choice(group_by, (None, False, *GROUPS))
        if not group_by:
            return Domain.TRUE
        if group_by == 'date:month':
            start = self.env['progress.contract']._read_date(key or '')
            if not start:
                raise UserError(self.env._("“%s” is no date: write it as in 2026-12-31.", key))
            return Domain('date', '>=', start) & Domain('date', '<=', start + relativedelta(day=31))
        [group] = self._read_ids([key]) or [False]
        return Domain(group_by, '=', group)
