from odoo.http import route

from odoo.addons.web.controllers.dataset import DataSet


class ProgressButton(DataSet):
    """A button whose answer is the record its page shows already reloads the page (see shown_record.js)."""

    @route()
    def call_button(self, model, method, args, kwargs, path=None):
        """As Odoo's.

        :param str model: of the records
        :param str method: the button's
        :param list args: their ids, and what the button adds
        :param dict kwargs: with the context, in which the web client says what its page shows
        :param str path: of the request, or ``None``
        :return dict: an action, or ``False``
        """
        shown = (kwargs.get('context') or {}).get('progress_shown')
        action = super().call_button(model, method, args, kwargs, path=path)
        if shown and isinstance(action, dict) and action.get('target') != 'new':
            if shown == [action.get('res_model'), action.get('res_id')]:
                return {'type': 'ir.actions.act_window_close'}
        return action
