import functools
import itertools

from odoo import api, models, tools
from odoo.exceptions import AccessError
from odoo.tools import SQL
from odoo.tools.constants import PREFETCH_MAX

#: classes that may say what happens when records are made: Odoo's framework, and this addon
KNOWN_MAKERS = ('odoo.orm.', 'odoo.models', 'odoo.addons.base.', 'odoo.addons.progress_billing.')
#: up to how many new rows it costs less to keep figures of each in memory than to ask the database about all of them
FEW_ROWS = 400


def int_array(numbers):
    """Many whole numbers for a statement, as one text: adapting each of them takes longer than most statements.

    :param numbers: integers or ``None``
    :return SQL: an array
    """
    return SQL("%s::int[]", _format_array(tuple(numbers)))


@functools.lru_cache(maxsize=8)
def _format_array(numbers):
    """The same records are asked about several times in a row."""
    text = str([*numbers]).replace('None', 'NULL')
    return f'{{{text[1:-1]}}}'


def knows_methods(records, names):
    """Whether nobody else has a say in these methods of a model, so that something faster may stand for them.

    :param names: a set of their names
    """
    patched, *classes = type(records).mro()  # automation rules put their own method on the registry's class
    makers = (cls for cls in classes if not names.isdisjoint(vars(cls)))
    return names.isdisjoint(vars(patched)) and all(cls.__module__.startswith(KNOWN_MAKERS) for cls in makers)


class ProgressBulkMixin(models.AbstractModel):
    """Many records in one statement, where the ORM would go record by record.

    For figures that follow from saved columns alone, and for records that our own code makes from values it has just
    worked out itself. What a caller gives never comes this way.
    """

    _name = 'progress.bulk.mixin'
    _description = "Bulk Statements"

    # === FIGURES === #

    def _get_saved(self):
        """Those of these records that are in the database: all of them, but for forms."""
        return self if all(self._ids) else self.filtered('id')

    def _get_columns(self, *names):
        """Stored values of these records as the ORM keeps them, of many at once: links are ids.

        :return list: a tuple for each record
        """
        found = [self._fields[name] for name in names]
        for field in found:
            if field.compute:
                field.recompute(self)
        caches = [field._get_cache(self.env) for field in found]
        try:
            return list(zip(*([cache[id_] for id_ in self._ids] for cache in caches), strict=True))
        except KeyError:
            others = self.browse(itertools.islice(self._prefetch_ids, PREFETCH_MAX))
            try:  # those of other contracts on a list, as the ORM reads them
                (self | others).fetch(names)
            except AccessError:
                self.fetch(names)
            return list(zip(*([cache[id_] for id_ in self._ids] for cache in caches), strict=True))

    def _are_known_zero(self, *names):
        """Whether these figures are in memory for all these records, and 0: the database need not be asked."""
        fields = [self._fields[name] for name in names]
        for field in fields:
            if field.compute:
                field.recompute(self)
        caches = [field._get_cache(self.env) for field in fields]
        return not any(cache.get(id_, True) for cache in caches for id_ in self._ids)

    def _filter_blank(self, name):
        """Those of these records, which may be many, that have no value in a stored field."""
        if not all(self._ids):
            return self.filtered(lambda record: not record[name])
        blank = [id_ for id_, (value,) in zip(self._ids, self._get_columns(name), strict=True) if not value]
        return self if len(blank) == len(self) else self.browse(blank)

    def _filter_filled(self, name):
        """Those of these records, which may be many, that have a value in a stored field."""
        return self - self._filter_blank(name)

    def _get_linked(self, name):
        """The records that a stored many2one of these records links to, which may be many."""
        if not all(self._ids):
            return self[name]
        found = dict.fromkeys(link for (link,) in self._get_columns(name) if link)
        return self.env[self._fields[name].comodel_name].browse(found)

    @api.model
    @tools.ormcache()
    def _get_often_empty(self):
        """Names of the lists on which most records have nothing."""
        return tuple(name for name, field in self._fields.items() if getattr(field, 'often_empty', False))

    def _note_empty_lists(self):
        """Find out in one query which lists declared with ``often_empty=True`` are empty."""
        self._note_empty(self, self._get_often_empty())

    @api.model
    def _note_empty(self, records, names):
        """Find out in one query which lists of some records are empty. The others are read when somebody asks for them.

        :param records: of any model
        :param names: of lists without a domain of their own, or of which most are empty without it too; what is
            computed has no table to look into, and is left alone
        """
        fields = [field for field in map(records._fields.get, names) if field.store]
        if not fields:
            return
        caches = [field._get_cache(self.env) for field in fields]
        ids = [id_ for id_ in records._ids if id_ and not all(id_ in cache for cache in caches)]
        if not ids:
            return
        tables = {}
        for field in fields:
            if field.type == 'many2many':
                tables.setdefault((field.relation, field.column1), []).append(field)
                continue
            lines = self.env[field.comodel_name]
            lines.flush_model([field.inverse_name])
            tables.setdefault((lines._table, field.inverse_name), []).append(field)
        found = [
            SQL("EXISTS (SELECT FROM %s WHERE %s = own.id)", SQL.identifier(table), SQL.identifier(table, column))
            for table, column in tables
        ]
        rows = self.env.execute_query(
            SQL("SELECT own.id, %s FROM unnest(%s) AS own(id)", SQL(", ").join(found), ids)
        )
        for id_, *filled in rows:
            for lists in (lists for lists, some in zip(tables.values(), filled, strict=True) if not some):
                for field in lists:
                    field._get_cache(self.env).setdefault(id_, ())

    def _set_columns(self, values, source=None):
        """Set stored figures of these saved records to what the database makes of other columns.

        Rows that have these values already are left alone.

        :param dict values: SQL by field name; the records' own row is called ``own``
        :param SQL source: a further table with its condition, ``<table> AS <name> WHERE <condition>``
        """
        if not self:
            return
        self.flush_recordset(list(values))
        names = list(map(SQL.identifier, values))
        self.env.execute_query(
            SQL(
                "UPDATE %(table)s AS own SET %(assignments)s, write_uid = %(uid)s, write_date = %(now)s"
                " FROM unnest(%(ids)s) AS asked(id)%(source)s own.id = asked.id"
                " AND (%(own)s) IS DISTINCT FROM (%(new)s)",
                table=SQL.identifier(self._table),
                assignments=SQL(", ").join(SQL("%s = %s", *pair) for pair in zip(names, values.values(), strict=True)),
                uid=self.env.uid,
                now=self.env.cr.now(),
                source=SQL(", %s AND", source) if source else SQL(" WHERE"),
                ids=int_array(self._ids),
                own=SQL(", ").join(SQL("own.%s", name) for name in names),
                new=SQL(", ").join(values.values()),
            )
        )
        self.invalidate_recordset(list(values), flush=False)

    # === NEW RECORDS === #

    @api.model
    def _takes_rows(self, derived, hooks=()):
        """Whether records of this model may be made as rows: nobody else has a say in what happens then.

        :param derived: names of the fields that the statement has a value for
        :param hooks: names of the methods that these values follow from, beside those that compute the fields
        """
        computes = (self._fields[name].compute for name in derived if name in self._fields)
        names = {'create', *hooks, *(name for name in computes if isinstance(name, str))}
        constraints = (method.__module__.startswith(KNOWN_MAKERS) for method in self._constraint_methods)
        return knows_methods(self, names) and all(constraints)

    @api.model
    @tools.ormcache('frozenset(derived)')
    def _knows_columns(self, derived):
        """Whether every computed column of this model is among those that ``derived`` has a value for."""
        return all(
            name in derived
            for name, field in self._fields.items()
            if field.store and field.compute and name not in models.MAGIC_COLUMNS
        )

    @api.model
    def _insert_rows(self, values, derived, currency, source, columns=None):
        """Make records in one statement.

        :param dict values: a list of values a row by field name, called ``given.<name>`` by the others
        :param dict derived: SQL by field name, of what follows from the values
        :param SQL currency: joins ``currency``, in which amounts are rounded, to ``raw``, the values before that
        :param SQL source: joins the tables from which the derived values come to ``given``
        :param dict columns: SQL by field name, of values that are not in lists: of ``raw`` and what ``currency`` joins
        :return: the records, in the order of the values
        """
        self.check_access('create')
        known = {name: SQL("raw.%s", SQL.identifier(name)) for name in values} | (columns or {})
        own = self.with_context(tools.clean_context(self.env.context))
        defaults = own.default_get(
            [name for name, field in self._fields.items() if field.column_type and name not in {**known, **derived}]
        )
        columns = {name: SQL("given.%s", SQL.identifier(name)) for name in known}
        columns |= derived | {name: SQL("%s", value) for name, value in defaults.items()}
        columns |= dict.fromkeys(('create_uid', 'write_uid'), SQL("%s", self.env.uid))
        columns |= dict.fromkeys(('create_date', 'write_date'), SQL("%s", self.env.cr.now()))
        kept = self._get_kept_fields() if max(map(len, values.values())) <= FEW_ROWS else []
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO %(table)s (%(columns)s) SELECT %(expressions)s"
                " FROM (SELECT raw.place, %(rounded)s FROM unnest(%(arrays)s) WITH ORDINALITY"
                " AS raw(%(names)s, place) %(currency)s) AS given %(source)s ORDER BY given.place RETURNING %(kept)s",
                table=SQL.identifier(self._table),
                columns=SQL(", ").join(map(SQL.identifier, columns)),
                expressions=SQL(", ").join(columns.values()),
                rounded=SQL(", ").join(self._get_rounded_column(*pair) for pair in known.items()),
                arrays=SQL(", ").join(self._get_array(name, array) for name, array in values.items()),
                names=SQL(", ").join(map(SQL.identifier, values)),
                currency=currency,
                source=source,
                kept=SQL(", ").join(map(SQL.identifier, ('id', *kept))),
            )
        )
        ids, *figures = zip(*rows, strict=True) if rows else [()] * (1 + len(kept))
        records = self.browse(ids)
        for name, figure in zip(kept, figures, strict=True):
            self._fields[name]._insert_cache(records, figure)
        for name, field in self._fields.items():  # links that nothing was said of
            if field.store and field.type == 'many2one' and name not in columns:
                field._insert_cache(records, [None] * len(records))
        return records

    @api.model
    def _get_kept_fields(self):
        """Names of the columns that are asked of new records next, and kept in memory where few are made at once.

        Extend by ``super()``.
        """
        return []

    @api.model
    def _get_array(self, name, array):
        """Values of a field, of many rows.

        :return SQL: an array
        """
        column = self._fields[name].column_type[1]
        return int_array(array) if column == 'int4' else SQL("%s::%s[]", array, SQL(column))

    @api.model
    def _get_rounded_column(self, name, value):
        """A given value as the field keeps it.

        :param SQL value: not rounded yet
        :return SQL: under the field's name
        """
        field, column = self._fields[name], SQL.identifier(name)
        digits = field.get_digits(self.env) if field.type == 'float' else None
        if field.type == 'monetary':
            return SQL("ROUND(%s / currency.rounding) * currency.rounding AS %s", value, column)
        return SQL("ROUND(%s, %s) AS %s", value, digits[1], column) if digits else SQL("%s AS %s", value, column)

    def _announce_rows(self, values, lists=(), others=()):
        """What follows from these new records is to be computed; none of their own figures is.

        :param dict values: links to other records that have been given, a list of ids by field name
        :param lists: names of the lists with a domain that all of these records are on
        :param others: names of those that none of them is on
        """
        kept = []
        for name, ids in values.items():
            for inverse in self.pool.field_inverses[self._fields[name]]:
                records = self.env[inverse.model_name].browse(set(ids))
                if inverse.name in (*lists, *others):
                    kept.append(([inverse], records))
                elif inverse.domain:
                    records.invalidate_recordset([inverse.name], flush=False)
        for name, ids in values.items():  # after that: a list that is forgotten takes its links along
            for inverse in self.pool.field_inverses[self._fields[name]]:
                if not inverse.domain or inverse.name in lists:
                    self._add_to_lists(inverse, ids)
            self._fields[name]._insert_cache(self, ids)
        own = [field for field in self._fields.values() if field.store and field.compute]
        with self.env.protecting([([*own, self._fields['id']], self), *kept]):
            self.modified(self._fields, create=True)

    def _modified_triggers(self, tree, create=False):
        """Of new rows only what follows elsewhere is asked for: their own figures are what they should be.

        While they are announced their ids are protected, which the ORM does for nobody.
        """
        made = create and self <= self.env.protected(self._fields['id'])
        return super()._modified_triggers(type(tree)((), tree) if made else tree, create)

    def _add_to_lists(self, field, ids):
        """Put these new records on the lists of other records that are in memory.

        :param field: a list of records of this model
        :param list ids: of the record whose list each of these is on
        """
        cache = field._get_cache(self.env)
        added = {other: [] for other in set(ids) if other in cache}
        if not added:
            return
        for own, other in zip(self._ids, ids, strict=True):
            if other in added:
                added[other].append(own)
        for other, new in added.items():
            cache[other] = (*cache[other], *new)
