from odoo import api, models


class IrActionsActWindow(models.Model):
    """Window actions that show certain records."""

    _name = 'ir.actions.act_window'
    _inherit = 'ir.actions.act_window'

    @api.model
    def _for_progress_records(self, xmlid, records):
        """A window action on certain records: the form of one, the list of several.

        :param str xmlid: of the action
        :param records: to show
        :return dict: see ``_for_xml_id``
        """
        action = self.env.ref(xmlid).sudo()  # sudo: ir.actions.act_window - as ``_for_xml_id`` does
        # that reads the views for their names: all columns, one by one
        (action.view_id | action.search_view_id).fetch(['name', 'type'])
        vals = self._for_xml_id(xmlid)
        if len(records) == 1:
            forms = [view for view in vals['views'] if view[1] == 'form'] or [(False, 'form')]
            return dict(vals, views=forms, view_mode='form', res_id=records.id)
        return dict(vals, domain=[('id', 'in', records.ids)])
