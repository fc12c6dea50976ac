from odoo import models


class ProgressContractLineApplication(models.Model):
    """Schedule lines on the sheets of bills they stood on."""

    _name = 'progress.contract.line'
    _inherit = 'progress.contract.line'

    def unlink(self):
        self._keep_on_sheets()
        return super().unlink()

    def _keep_on_sheets(self):
        """Sheets of bills that show these lines stay as they are (APP-3)."""
        for bill in self.contract_id.bill_ids.filtered('schedule_snapshot'):
            snapshot = dict(bill.schedule_snapshot)
            values = dict(snapshot['lines'])
            gone = [
                [*values.pop(str(line.id)), line.item_number or '', line.name]
                for line in self
                if str(line.id) in values
            ]
            if gone:
                removed = [*snapshot.get('removed', []), *gone]
                bill._write_protected({'schedule_snapshot': {**snapshot, 'lines': values, 'removed': removed}})
