from collections.abc import Hashable
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from odoo import Command, api, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools import numbers

#: names of the values that our own code is about to set, by model: a stack for each cursor
OWN = WeakKeyDictionary()
TEXT_LIMITS = {'char': 1000, 'text': 50000}
NUMBER_TYPES = {'float', 'monetary', 'integer'}
LARGEST_INTEGER = 2**31 - 1  # what a column of whole numbers holds


class ProgressGuardMixin(models.AbstractModel):
    """What a caller may not send: derived figures, states that actions decide, other parents, numbers that are none.

    Fields declared with ``guarded=True`` are set by our own code alone, whoever calls and with whatever
    rights: superuser skips access, not the meaning of a write. Own code sets them by
    :meth:`_write_protected` and :meth:`_create_protected`, which are plain ``write`` and ``create`` with a
    note of what may be set, so that every addon's extension takes part.
    """

    _name = 'progress.guard.mixin'
    _description = "Guarded Fields"

    #: fields that are given once, on creation
    _fixed_fields = ()
    #: the record this one belongs to: given once as well, and the right to add to it is needed
    _parent_field = None
    _parent_access = 'write'
    #: fields that decide to whom a record belongs: a record does not leave what its user may write
    _placing_fields = ('company_id', 'project_id')
    #: whether numbers and texts are checked, or just the names of the fields
    _guards_values = True

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._guard_vals_list(vals_list)
        records = super().create([{**vals, **self._prepare_protected_vals(vals)} for vals in vals_list])
        if not self.env.su:
            records._check_parent_access()
            records._check_links({name for vals in vals_list for name in vals})
        return records

    def write(self, vals):
        self._guard_vals(vals)
        result = super().write(vals)
        if not self.env.su:
            self._check_links(vals)
            if any(name in vals for name in self._placing_fields):
                self.check_access('write')
        return result

    @api.model
    def default_get(self, fields):
        """Protected fields take no default from the caller's context either."""
        defaults = super().default_get(fields)
        if not any(key.startswith('default_') for key in self.env.context):
            return defaults
        for name in self._get_guarded_fields() & defaults.keys():
            if f'default_{name}' in self.env.context:
                default = self._fields[name].default
                defaults.pop(name)
                if default:
                    defaults[name] = default(self)
        return defaults

    def onchange(self, values, field_names, fields_spec):
        """A form is no way round: neither for numbers that are none, nor to another company's records."""
        self._guard_form(values)
        return super().onchange(values, field_names, fields_spec)

    def _prepare_protected_vals(self, vals):
        """Protected values that a new record has from the start, a drawn number for example.

        :param dict vals: the values it is created with
        :return dict: values that take the place of those
        """
        return {}

    # === PROTECTED FIELDS === #

    @api.model
    @tools.ormcache()
    def _get_guarded_fields(self):
        """Names of the fields that our own code alone sets."""
        return frozenset(
            name for name, field in self._fields.items() if field.store and getattr(field, 'guarded', False)
        )

    def _guard_vals(self, vals):
        """Check the values of one ``write`` call.

        :raises AccessError: for a derived figure, a state or another parent
        :raises ValidationError: for a number that is none
        """
        if not self:  # Odoo, which merges contacts, writes on whatever it found
            return
        self._guard_vals_list([vals])
        for name in (*self._fixed_fields, self._parent_field):
            if name in vals and self._differs(name, vals[name]) and name not in self._get_own_names():
                self._raise_protected(name)

    def _guard_vals_list(self, vals_list):
        protected, own = self._get_guarded_fields(), self._get_own_names()
        for vals in vals_list:
            if self._guards_values:
                self._guard_values(vals)
            if not protected.isdisjoint(vals):
                for name in vals:
                    if name in protected and name not in own:
                        self._raise_protected(name)

    def _raise_protected(self, name):
        """:raises AccessError: that a caller may not set the field ``name``"""
        values = {
            'field': self._fields[name]._description_string(self.env),
            'record': self[:1].display_name or self._description,
        }
        if name == self._parent_field:
            raise AccessError(
                self.env._("%(field)s of %(record)s is given once: add a new one there, and delete this.", **values)
            )
        raise AccessError(
            self.env._(
                "%(field)s of %(record)s cannot be set: it follows from what is billed, or is set by a button.",
                **values,
            )
        )

    def _differs(self, name, value):
        field = self._fields[name]
        return any(field.convert_to_write(record[name], record) != value for record in self)

    # === ACCESS TO WHAT IS NAMED === #

    def _check_parent_access(self):
        """Whoever adds a record may write what it belongs to."""
        if self._parent_field:
            self[self._parent_field].check_access(self._parent_access)

    @api.model
    @tools.ormcache()
    def _get_link_fields(self):
        """Names of the fields that tie a record to others whose figures it shows, or could tell."""
        return frozenset(
            name
            for name, field in self._fields.items()
            if field.store
            and field.type in ('many2one', 'many2many')
            and not (field.compute and field.readonly)
            and name not in models.MAGIC_COLUMNS
            and self._is_guarded_link(field)
        )

    @api.model
    def _is_guarded_link(self, field):
        return field.comodel_name.startswith('progress.')

    def _check_links(self, names):
        """:raises AccessError: where one of the fields ``names`` ties to what the user may not read"""
        for name in self._get_link_fields().intersection(names):
            self[name].check_access('read')

    # === OWN VALUES === #

    def _write_protected(self, vals):
        """``write`` of values that our own code decides, after its checks; with the rights of whoever acts.

        Of no records nothing is written, and no extension of ``write`` is asked.
        """
        if not self:
            return True
        with self._setting_own([vals]):
            return self.write(vals)

    def _write_together(self, vals_by_record):
        """:meth:`_write_protected` of values a record: those that are alike are written in one go.

        :param dict vals_by_record: values by record
        """
        groups = {}
        for record, vals in vals_by_record.items():
            for name, value in vals.items():
                alike = value if isinstance(value, Hashable) else record
                groups.setdefault(name, {}).setdefault((type(value), alike), (value, []))[1].append(record.id)
        calls = {}
        for name, values in groups.items():
            for value, ids in values.values():
                calls.setdefault(tuple(ids), {})[name] = value
        for ids, vals in calls.items():
            self.browse(ids)._write_protected(vals)

    @api.model
    def _create_protected(self, vals_list):
        """``create`` with values that our own code decides, those of lines made along with it included."""
        with self._setting_own(vals_list):  # without defaults that a caller's context brings
            return self.with_context(tools.clean_context(self.env.context)).create(vals_list).with_env(self.env)

    @contextmanager
    def _setting_own(self, vals_list):
        """Note what may be set while the block runs.

        :param list vals_list: the values about to be set: their names count, and those of nested lines
        """
        stack = OWN.setdefault(self.env.cr, [{}])
        noted = dict(stack[-1])
        for vals in vals_list:
            self._note_own_names(noted, vals)
        stack.append(noted)
        try:
            yield
        finally:
            stack.pop()

    def _note_own_names(self, noted, vals):
        noted[self._name] = noted.get(self._name, frozenset()) | vals.keys()
        for name, value in vals.items():
            field = self._fields.get(name)
            if field is not None and field.type == 'one2many' and value:
                lines = self.env[field.comodel_name]
                for command in value if hasattr(lines, '_note_own_names') else ():
                    if command[0] in (Command.CREATE, Command.UPDATE):
                        lines._note_own_names(noted, {**command[2], field.inverse_name: None})

    def _get_own_names(self):
        """Names of the fields that our own code is setting at this moment: the others were typed by a caller."""
        stack = OWN.get(self.env.cr)
        return stack[-1].get(self._name, frozenset()) if stack else frozenset()

    def _get_typed(self, vals):
        """Names of the values that a caller gave, people and server actions alike.

        What follows from a typed value is computed; what our own code sets stands as it is.
        """
        return vals.keys() - self._get_own_names()

    def _is_own(self, vals):
        """Whether our own code sets all of these values: a new record that says nothing is a caller's."""
        return bool(vals) and not self._get_typed(vals)

    # === NUMBERS AND TEXTS === #

    @api.model
    @tools.ormcache()
    def _get_checked_fields(self):
        """Types of the fields whose values are checked, by name."""
        types = NUMBER_TYPES | TEXT_LIMITS.keys() | {'one2many'}
        return {name: field.type for name, field in self._fields.items() if field.type in types and name != 'id'}

    def _guard_values(self, vals):
        """Check numbers before the ORM converts and rounds them, and the length of texts.

        :raises ValidationError: naming the field and the record whose value is no number
        """
        checked = self._get_checked_fields()
        for name, value in vals.items():
            if value is not False and value is not None and name in checked:
                self._guard_value(name, checked[name], value, vals)

    def _guard_value(self, name, kind, value, vals):
        if kind == 'one2many':
            self._guard_commands(name, value, '_guard_values')
            return
        if kind in TEXT_LIMITS:
            if isinstance(value, str) and ('\x00' in value or len(value) > TEXT_LIMITS[kind]):
                self._raise_bad_text(name, kind, value, vals)
            return
        try:
            number = numbers.check(value)
            if kind == 'integer' and abs(number) > LARGEST_INTEGER:
                raise numbers.NumberError(numbers.TOO_LARGE)
        except numbers.NumberError as error:
            values = self._describe_value(name, vals)
            if error.reason == numbers.TOO_LARGE:
                raise ValidationError(self.env._("%(field)s of %(record)s is too large.", **values)) from None
            raise ValidationError(self.env._("%(field)s of %(record)s is not a number.", **values)) from None

    def _describe_value(self, name, vals):
        """Names of a field and of the record that a value was given for, for messages alone: they may have to be read.

        :return dict: ``field`` and ``record``
        """
        record = self[:1].display_name or vals.get('name') or self._description
        record = str(record).replace('\x00', '')[:80]
        return {'field': self._fields[name]._description_string(self.env), 'record': record}

    def _raise_bad_text(self, name, kind, value, vals):
        """:raises ValidationError: for a text with a character that is none, or one that is too long"""
        values = self._describe_value(name, vals)
        if '\x00' in value:
            raise ValidationError(self.env._("%(field)s of %(record)s has a character that is none.", **values))
        raise ValidationError(
            self.env._(
                "%(field)s of %(record)s is too long: at most %(limit)s characters.",
                limit=TEXT_LIMITS[kind],
                **values,
            )
        )

    def _guard_form(self, values):
        """Check what a form sends, with the lines it shows, before anything is computed from it."""
        if self._guards_values:
            self._guard_values(values)
        for name in () if self.env.su else self._get_link_fields().intersection(values):
            if values[name]:
                self.new({name: values[name]})[name]._origin.check_access('read')
        for name, value in values.items():
            if name in self._fields and self._fields[name].type == 'one2many':
                self._guard_commands(name, value, '_guard_form')

    def _guard_commands(self, name, commands, method):
        """Check the lines that are written along with this record."""
        lines = self.env[self._fields[name].comodel_name]
        for command in commands if isinstance(commands, (list, tuple)) and hasattr(lines, method) else ():
            if isinstance(command, (list, tuple)) and len(command) > 2 and isinstance(command[2], dict):
                getattr(lines, method)(command[2])

    @api.model
    def _read_number(self, value):
        """A number given to a method, as a float.

        :param value: a number, or a text as programs write one
        :raises UserError: for anything that is none
        """
        try:
            if value is None or value is False:
                raise numbers.NumberError(numbers.NOT_A_NUMBER)
            return float(numbers.check(value))
        except numbers.NumberError as error:
            if error.reason == numbers.TOO_LARGE:
                raise UserError(self.env._("“%s” is too large.", str(value)[:80])) from None
            raise UserError(self.env._("“%s” is not a number.", str(value)[:80])) from None

    @api.model
    def _read_text(self, value):
        """A text given to a method, without spaces around it; empty for nothing.

        :raises UserError: for anything that is no text, or for one of extreme length
        """
        if not isinstance(value, (str, bool, type(None))) or value is True or '\x00' in (value or ''):
            raise UserError(self.env._("“%s” is not a text.", str(value).replace('\x00', '')[:80]))
        text = (value or '').strip()
        if len(text) > TEXT_LIMITS['text']:
            raise UserError(self.env._("The text is too long: at most %s characters.", TEXT_LIMITS['text']))
        return text
