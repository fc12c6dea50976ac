import re

from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.home import Home

#: the address of a record without an action, which would say the view
BARE = re.compile(r'(?:^|/)(progress\.(?:bill|contract))/(\d{1,9})$')


class SubcontractHome(Home):
    """Claims and subcontracts have forms of their own, whichever way their address comes about (SUB-17)."""

    @http.route()
    def web_client(self, s_action=None, **kw):
        response = super().web_client(s_action, **kw)
        found = BARE.search(kw.get('subpath') or '')
        if found and request.env.uid and response.status_code == 200 and 'view_id' not in kw:
            record = request.env[found[1]].browse(int(found[2])).exists()._filtered_access('read')
            view_id = record.get_formview_id() if record else False
            if view_id:
                asked = request.httprequest
                return request.redirect_query(asked.path, {**asked.args, 'view_id': view_id}, code=303)
        return response
