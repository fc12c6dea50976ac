from datetime import date

from freezegun import freeze_time

from odoo.addons.progress_billing.models.base.progress_actor import Actor

from .common import SubcontractCommon

TODAY = date(2026, 3, 20)


class ClaimCommon(SubcontractCommon):
    """A subcontract with a contact and the period of March 2026, on the 20th of that month."""

    @classmethod
    def setUpClass(cls):
        cls.startClassPatcher(freeze_time(TODAY))
        super().setUpClass()
        cls.period = cls.env['progress.billing.period'].create(
            {
                'project_id': cls.project.id,
                'date_start': '2026-03-01',
                'date_end': '2026-03-31',
                'date_due': '2026-04-05',
            }
        )
        cls.contract = cls._subcontract([60000, 40000], cls.input_tax, retainage_percent=10)
        cls.contact = cls._add_invoice_contact(cls.contract, cls.mason)

    @classmethod
    def _add_invoice_contact(cls, contract, partner, role='invoice'):
        return cls.env['progress.contact'].create({'contract_id': contract.id, 'partner_id': partner.id, 'role': role})

    @classmethod
    def _bill_owner(cls, **vals):
        """The owner's contract, whose lines bill those of the subcontract."""
        contract = cls.make.pro_forma([80000, 50000], cls.tax_15, **vals)
        for sub, owner in zip(cls.contract.line_ids, contract.line_ids, strict=True):
            sub.owner_line_id = owner
        return contract

    @classmethod
    def _invite(cls, contract=None, invitation_type='all'):
        contract = contract or cls.contract
        before = contract.bill_ids
        contract.action_invite(invitation_type)
        return contract.bill_ids - before

    @classmethod
    def _accepted(cls, contract=None, invitation_type='all'):
        bill = cls._invite(contract, invitation_type)
        bill.action_accept()
        return bill

    @classmethod
    def _answer(cls, bill, kind, contact=None, **given):
        """What a contact sends from the page."""
        contact = (contact or bill.contract_id.contact_ids[:1]).sudo()
        actor = Actor(contact.partner_id)
        texts = {'version': bill.sudo()._get_version(), **given}
        bill.sudo()._take_answer(kind, actor, contact, texts)

    @classmethod
    def _work(cls, bill, *texts, unit='amount'):
        """Texts of the form for the lines of a claim, in their order."""
        given = {}
        for line, text in zip(bill.line_ids, texts, strict=False):
            given[f'work_{line.id}'] = text
            given[f'unit_{line.id}'] = unit
        return given


class AcceptedClaimCommon(ClaimCommon):
    """A claim of both lines that was accepted and says nothing yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls._accepted()
        cls.first, cls.second = cls.bill.line_ids

    def _send(self, kind='claim', **given):
        self._answer(self.bill, kind, **given)

    def _other(self):
        """Another subcontract of the same firm."""
        other = self._subcontract([500])
        self._add_invoice_contact(other, self.mason)
        return other

    def _held(self, amount=10000):
        """A tenth of an earlier claim is retained."""
        self._claim(self.contract, amount, post=True, date='2026-02-15')
        self.assertRetained(self.contract, amount / 10)
