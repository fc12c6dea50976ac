from odoo import api, models


class ResLang(models.Model):
    """In whose notation numbers and dates are read and written."""

    _name = 'res.lang'
    _inherit = 'res.lang'

    @api.model
    def _get_progress_lang(self):
        """The reader's language: of the call, else of the user, as RPC callers often give none (PLN-1).

        :return: what ``_get_data`` knows of it: ``code``, ``decimal_point``, ``thousands_sep`` …
        """
        return self._get_data(code=self.env.context.get('lang') or self.env.user.lang or 'en_US')
