from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestRoleCorners(ClaimCommon):
    """What each role may do at doors beside the buttons: header fields, dialogs, notices."""

    def _export_user(self, level):
        user = self._make_user(f'export_{level}', f'progress_billing.group_subcontract_{level}')
        user.group_ids += self.env.ref('base.group_allow_export') | self.env.ref('progress_billing.group_user')
        return user

    def test_whose_claim_it_is(self):
        """The subcontractor is agreed on the subcontract: Standard neither changes whose claim it is, nor makes one."""
        bill = self._accepted()
        other = self.env['res.partner'].create({'name': "Somebody Else"})
        mine = bill.with_user(self.standard_user)
        self.assertRefused(lambda: mine.write({'partner_id': other.id}), "Only administrators", error=AccessError)
        mine.write({'partner_id': bill.partner_id.id, 'title': "March"})
        vals = {'contract_id': self.contract.id, 'partner_id': other.id, 'date': '2026-03-20'}
        bills = self.env['progress.bill'].with_user(self.standard_user)
        self.assertRefused(lambda: bills.create(vals), "Only administrators", error=AccessError)
        self.contract.with_user(self.standard_user).action_create_bill(
            'lines',
            {'lines': [{'contract_line_id': self.contract.line_ids[0].id, 'amount': 5}], 'partner_id': other.id},
        )
        self.assertEqual(self.contract.bill_ids.partner_id, self.vendor)
        bill.with_user(self.sub_manager).partner_id = other
        self.assertEqual(bill.partner_id, other)

    def test_what_was_handed_in_stands(self):
        """Date, period and texts of a claim are Standard's until it is handed in; then administrators'."""
        bill = self._accepted()
        bill.line_ids[0].amount = 100
        mine = bill.with_user(self.standard_user)
        mine.write({'date': '2026-03-19', 'title': "March"})
        mine.action_submit()
        for state in ('submitted', 'invoiced'):
            if state == 'invoiced':
                bill.action_approve()
            for vals in ({'date': '2026-03-01'}, {'period_id': False}, {'title': "x"}, {'description': "x"}):
                with self.subTest(state=state, vals=vals):
                    self.assertEqual(bill.state, state)
                    self.assertRefused(
                        lambda vals=vals: mine.write(vals), "What was handed in stands", error=AccessError
                    )
            mine.write({'date': bill.date, 'title': "March"})
        bill.with_user(self.sub_manager).title = "Noted"
        self.assertRecordValues(bill, [{'title': "Noted", 'period_id': self.period.id}])

    def test_the_margin_leaves_the_house_by_administrators(self):
        """Rows of the dialog tell what was claimed: their export takes what that of claims takes."""
        owner = self.make.pro_forma([80000])
        self.contract.line_ids[0].owner_line_id = owner.line_ids
        self._claim(self.contract, 1000)
        for level, allowed in (('user', False), ('manager', True)):
            user = self._export_user(level)
            wizard = self.env['progress.margin.wizard'].with_user(user).create({'project_id': self.project.id})
            for records, names in ((wizard, ['certified_amount']), (wizard.line_ids, ['name', 'certified_amount'])):
                with self.subTest(level=level, model=records._name):
                    if allowed:
                        self.assertTrue(records.export_data(names)['datas'])
                    else:
                        self.assertRefused(
                            lambda records=records, names=names: records.export_data(names),
                            "Only administrators of Subcontract Billing export claims",
                            error=AccessError,
                        )

    def test_whoever_claims_is_asked_to_sign(self):
        """Invoice contacts claim and sign: they are asked, readers are not; of the customer approvers alone."""
        reader, boss = self.env['res.partner'].create(
            [{'name': name, 'email': f'{name}@example.com', 'parent_id': self.vendor.id} for name in ('rea', 'bob')]
        )
        self._add_invoice_contact(self.contract, reader, role='reader')
        approver = self._add_invoice_contact(self.contract, boss, role='approver')
        bill = self._accepted()
        bill.line_ids[0].amount = 100
        bill.action_submit()
        bill.with_user(self.sub_manager).action_request_signature()
        asked = bill.notice_ids.filtered(lambda notice: notice.kind == 'signature')
        self.assertEqual(asked.contact_id, self.contact | approver)
        owner = self.make.pro_forma([500])
        owner.contact_ids = [
            Command.create({'partner_id': partner.id, 'role': role})
            for partner, role in ((boss, 'approver'), (self.mason, 'invoice'))
        ]
        owner.line_ids.pending_amount = 10
        owner.action_run_billing()
        owner.bill_ids.action_request_signature()
        asked = owner.bill_ids.notice_ids.filtered(lambda notice: notice.kind == 'signature')
        self.assertEqual(asked.partner_id, boss)
