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


def get_list_specification(model, view):
    """What the web client asks for when it shows a list: of links their names.

    :param view: the list's view, or an empty one for the model's own
    """
    arch = etree.fromstring(model.get_view(view.id, 'list')['arch'])
    names = {node.get('name') for node in arch.iter('field')}
    return {name: {'fields': {'display_name': {}}} if model._fields[name].relational else {} for name in names}


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

    def assertListFlat(self, records, view=None, most=60):
        """A list of the first of these records, as the web client reads it.

        :param records: in an order in which few of them are as different as many
        :param str view: its id, where it is not the model's first
        """
        self.assertGreaterEqual(len(records), MANY)
        specification = get_list_specification(records, self.env.ref(view) if view else self.env['ir.ui.view'])
        read = records.browse().web_search_read
        self.assertRowsFree(
            lambda number: count_queries(self.env, lambda: read([('id', 'in', records[:number].ids)], specification)),
            most,
        )
