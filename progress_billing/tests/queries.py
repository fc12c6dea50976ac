"""Counting queries: what an action costs, and that a record more costs no more than the one before."""

from lxml import etree

FEW, MANY = 5, 25
SOME = 10  # of what is made and posted one by one, which takes its time


def count_queries(env, act):
    """The queries ``act`` takes with nothing in the cache, what it leaves to be written included."""
    env.flush_all()
    env.invalidate_all()
    before = env.cr.sql_log_count
    act()
    env.flush_all()
    return env.cr.sql_log_count - before


def get_list_specification(model, view, kind='list'):
    """What the web client asks for when it shows a list or cards: of links their names.

    :param view: the view, or an empty one for the model's own
    """
    arch = etree.fromstring(model.get_view(view.id, kind)['arch'])
    names = {node.get('name') for node in arch.iter('field')}
    return {name: {'fields': {'display_name': {}}} if model._fields[name].relational else {} for name in names}


def get_shown_lists(env, addon):
    """What an addon shows as a list or as cards: views of its own, those it extends, and those of its menus.

    :return set: pairs of the view that is opened, empty for the model's own, and ``list`` or ``kanban``
    """
    records = env['ir.model.data'].sudo().search([('module', '=', addon)])
    views = env['ir.ui.view'].browse(records.filtered(lambda data: data.model == 'ir.ui.view').mapped('res_id'))
    shown = set()
    for view in views.filtered(lambda view: view.type in ('list', 'kanban')):
        while view.mode == 'extension':
            view = view.inherit_id
        shown.add((view.model, view, view.type))
    actions = records.filtered(lambda data: data.model == 'ir.actions.act_window').mapped('res_id')
    for action in env['ir.actions.act_window'].sudo().browse(actions):
        for view_id, kind in action.views:
            if kind in ('list', 'kanban'):
                shown.add((action.res_model, views.browse(view_id or ()), kind))
    return {(model, view, kind) for model, view, kind in shown if not env[model].is_transient()}


class QueryAssertions:
    """For test cases: ``assertFlat`` and ``assertListFlat``."""

    def assertFlat(self, spend, most, slack=0.1):
        """A record of many costs what one of few does, and neither too much.

        :param spend: takes a number of records, returns the queries they took
        :param most: queries a record of many may take, far above what it does
        """
        spend(2)  # the registry's caches
        few, many = spend(FEW) / FEW, spend(SOME) / SOME
        self.assertLessEqual(many, few * (1 + slack), f"{few:.1f} queries each of {FEW}, {many:.1f} of {SOME}")
        self.assertLessEqual(many, most, "queries a record")

    def assertRowsFree(self, spend, most, each=0.0):
        """What is read or made at once takes as many queries for many rows as for few.

        :param spend: takes a number of rows, returns the queries they took
        :param most: queries they may take in all, far above what they do
        :param each: queries a row more may take, where Odoo itself takes them
        """
        spend(2)
        few, many = spend(FEW), spend(MANY)
        self.assertLessEqual(many, few + 2 + each * (MANY - FEW), f"{few} queries for {FEW} rows, {many} for {MANY}")
        self.assertLessEqual(many, most, "queries")

    def assertEach(self, prepare, **most):
        """Steps that people take with many records, one after the other: what a record more costs each of them.

        :param prepare: takes a number of records, returns what is done with them, a function a step
        :param most: queries that a record more may take, by step
        """
        few, many = 3, 9
        costs = {number: [count_queries(self.env, act) for act in prepare(number)] for number in (2, few, many)}
        for (name, each), little, much in zip(most.items(), costs[few], costs[many], strict=True):
            with self.subTest(name):
                self.assertLessEqual((much - little) / (many - few), each, f"{little} queries for {few}, {much}")

    def assertListFlat(self, records, view, kind='list', most=60):
        """A list of these records, as the web client reads it, takes as many queries as one of a third of them.

        :param view: the view, or an empty one for the model's own
        """
        specification = get_list_specification(records, view, kind)

        def read(some):
            search_read = records.browse().web_search_read
            return count_queries(self.env, lambda: search_read([('id', 'in', some.ids)], specification))

        read(records[:2])  # the registry's caches
        few, many = read(records[::3]), read(records)
        self.assertLessEqual(many, few + 2, f"{few} queries for {len(records[::3])} rows, {many} for {len(records)}")
        self.assertLessEqual(many, most, "queries")


class ShownLists(QueryAssertions):
    """For test cases: each list and all cards that ``addon`` shows."""

    addon = 'progress_billing'
    rows = 3 * FEW

    def assertShownListsFlat(self):
        """Every one is read at once; there have to be enough records of each model."""
        shown = get_shown_lists(self.env, self.addon)
        self.assertTrue(shown)
        for model, view, kind in sorted(shown, key=lambda one: (one[0], one[1].id or 0, one[2])):
            with self.subTest(model=model, view=view.xml_id, kind=kind):
                records = self.env[model].search([], limit=self.rows)
                self.assertEqual(len(records), self.rows, "make more of them")
                self.assertListFlat(records, view, kind)
