from odoo.tests import HttpCase, tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestButton(ProgressBillingCommon, HttpCase):
    """A button on a record's own form reloads it; everywhere else its answer shows the record."""

    def _press(self, contract, shown):
        params = {
            'model': 'progress.contract',
            'method': 'action_open',
            'args': [contract.ids],
            'kwargs': {'context': {'allowed_company_ids': self.company.ids, 'progress_shown': shown}},
        }
        action = self.make_jsonrpc_request('/web/dataset/call_button', params)
        return action['type'], action.get('res_id')

    def test_shown_record(self):
        self.env.ref('base.user_admin').company_ids |= self.company
        self.authenticate('admin', 'admin')
        contract = self.make.contract([1000])
        opened = ('ir.actions.act_window', contract.id)
        self.assertEqual(self._press(contract, False), opened)
        self.assertEqual(self._press(contract, ['progress.bill', contract.id]), opened)
        self.assertEqual(self._press(contract, ['progress.contract', contract.id + 1]), opened)
        self.assertEqual(
            self._press(contract, ['progress.contract', contract.id]), ('ir.actions.act_window_close', None)
        )
