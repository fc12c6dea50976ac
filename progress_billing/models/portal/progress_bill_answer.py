import ast
import hashlib
import json

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime, formatLang

from ...tools import numbers
from ..base.progress_actor import Actor
from ..bill.progress_bill import STANDING_STATES

WAITING_STATES = ('draft', 'submitted')
DISPUTABLE_STATES = (*STANDING_STATES, 'invoiced')
#: what only an approver answers; the rest is for invoice contacts as well
REVIEWS = ('approve', 'certify', 'reject', 'sign')


class ProgressBillAnswers(models.Model):
    """What contacts answer to a bill: approve, certify less, reject, dispute.

    They do it by the same methods as the office, with themselves as the actor. Nothing is posted by it.
    """

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    answer_ids = fields.One2many(
        'progress.answer', 'bill_id', string="Answers", readonly=True, guarded=True, copy=False
    )
    is_disputed = fields.Boolean(string="Disputed", guarded=True, readonly=True, copy=False, tracking=True)
    dispute_reason = fields.Text(string="Disputed Because", guarded=True, readonly=True, copy=False)
    disputed_on = fields.Datetime(guarded=True, readonly=True, copy=False)
    disputed_by_partner_id = fields.Many2one(
        'res.partner', string="Disputed By", guarded=True, readonly=True, copy=False
    )

    # === DISPUTE === #

    def action_dispute(self, reason=False):
        """Note that the customer disputes these bills; that stops reminders and nothing else.

        :param str reason: what is disputed
        :return dict: the action that shows the bills
        :raises UserError: without a reason, or for a bill that was not handed in
        """
        self._check_may_bill()
        self._dispute(Actor.of(self.env.user), reason)
        return self._get_bill_action()

    def action_withdraw_dispute(self):
        """Note that these bills are disputed no more.

        :return dict: the action that shows the bills
        :raises AccessError: for users who may not change the bills
        """
        self._check_may_bill()
        self._withdraw_dispute(Actor.of(self.env.user))
        return self._get_bill_action()

    def _dispute(self, actor, reason):
        """See :meth:`action_dispute`.

        :param Actor actor: who disputes
        """
        reason = self._read_text(reason)
        if not reason:
            raise UserError(self.env._("Say what is disputed, so that it can be cleared up."))
        for bill in self:
            if bill.state not in DISPUTABLE_STATES:
                raise UserError(
                    self.env._(
                        "%(bill)s cannot be disputed: its status is “%(state)s”.",
                        bill=bill.display_name,
                        state=bill._get_state_label(),
                    )
                )
        vals = {
            'is_disputed': True,
            'dispute_reason': reason,
            'disputed_on': fields.Datetime.now(),
            'disputed_by_partner_id': actor.partner.id,
        }
        self._write_as(actor, vals, body=self.env._("Disputed: %s", reason))

    def _withdraw_dispute(self, actor):
        """See :meth:`action_withdraw_dispute`.

        :param Actor actor: who withdraws it
        """
        vals = {'is_disputed': False, 'dispute_reason': False, 'disputed_on': False, 'disputed_by_partner_id': False}
        self.filtered('is_disputed')._write_as(actor, vals, body=self.env._("The dispute is withdrawn."))

    # === ANSWERS FROM THE PAGE === #

    def _take_answer(self, kind, actor, contact, given, address=''):
        """Do what a contact answered on the page, once, and keep who, when and from where.

        :param str kind: see ``progress.answer``
        :param Actor actor: the contact
        :param contact: ``progress.contact``
        :param dict given: the form as it was sent: texts
        :param str address: where it came from
        :raises UserError: with what stands in the way, or happened meanwhile
        """
        self.ensure_one()
        self.contract_id._lock_for_billing()
        self._check_may_take(kind, contact, given.get('version'))
        fingerprint = self._get_fingerprint()
        self._get_answer_takers()[kind](actor, given)
        note = self._get_answer_note(kind, given)
        self._keep_answer(kind, actor, contact, address, fingerprint=fingerprint, note=note)

    def _get_answer_note(self, kind, given):
        """What is kept of an answer in words. Extend by ``super()``.

        :param str kind: of the answer
        :param dict given: the form as it was sent
        :return str: or false
        :raises UserError: for a text of extreme length
        """
        return self._read_text(given.get('reason')) or False

    def _get_answer_takers(self):
        """What the page of this bill can be answered with. Extend by ``super()``.

        :return dict: methods by kind of answer, called with the actor and what the form sent
        """
        return {
            'approve': self._take_approval,
            'certify': self._take_certificate,
            'reject': self._take_rejection,
            'dispute': lambda actor, given: self._dispute(actor, given.get('reason')),
            'withdraw': lambda actor, _given: self._withdraw_dispute(actor),
        }

    def _keep_answer(self, kind, actor, contact, address, **vals):
        self.env['progress.answer'].create(
            {
                'contract_id': self.contract_id.id,
                'bill_id': self.id,
                'contact_id': contact.id,
                'partner_id': actor.partner.id,
                'user_id': actor.user.id,
                'kind': kind,
                'address': address,
                'revision': self.correction_number,
                **vals,
            }
        )

    def _take_approval(self, actor, given):
        self._approve(actor, given.get('reason') or '')

    def _take_certificate(self, actor, given):
        self._certify_given(actor, given)
        self._approve(actor, given.get('reason') or '')

    def _take_rejection(self, actor, given):
        """Reject with a reason, with reasons by line, or with both."""
        notes = {}
        for line in self.line_ids:
            note = self._read_text(given.get(f'note_{line.id}'))
            if note:
                notes[line] = note
        reason = self._read_text(given.get('reason')) or '\n'.join(
            f'{line.contract_line_id.display_name}: {note}' for line, note in notes.items()
        )
        self._reject_lines(actor, reason, notes)

    def _reject_lines(self, actor, reason, notes):
        """Reject these claims, and say why by line.

        :param Actor actor: who rejects
        :param str reason: what to revise in all
        :param dict notes: reasons by bill line
        """
        for line, note in notes.items():
            line._write_protected({'review_state': 'rejected', 'review_note': note})
        self._reject(actor, reason)

    def _submit(self, actor):
        fresh = self.filtered(lambda bill: bill.state != 'submitted')
        result = super()._submit(actor)
        fresh.line_ids._write_protected({'review_state': 'open', 'review_note': False})
        return result

    def _approve(self, actor, note=''):
        fresh = self.filtered(lambda bill: bill.state != 'approved')
        result = super()._approve(actor, note)
        fresh.line_ids._write_protected({'review_state': 'approved', 'review_note': False})
        return result

    def _certify_given(self, actor, given):
        """Certify what was typed, by line or in sum.

        :raises UserError: for what is no amount, or more than was claimed
        """
        amounts = {}
        for line in self._get_certifiable_lines():
            text = (given.get(f'line_{line.id}') or '').strip()
            if text:
                amount = self._read_typed_amount(text, line.contract_line_id.display_name)
                if self.currency_id.compare_amounts(float(amount), line.certified_amount):
                    amounts[line] = amount
        if amounts:
            self._certify_lines(actor, amounts)
        text = (given.get('certified_sum') or '').strip()
        if text:
            self._certify_sum(actor, self._read_typed_amount(text, self.env._("The sum")))

    def _get_certifiable_lines(self):
        """The lines of which a contact may certify less: claims of work."""
        return self.line_ids.filtered(lambda line: self.currency_id.compare_amounts(line.amount, 0.0) > 0)

    def _parse_typed(self, text):
        """A number without a sign in the notation of whoever reads the page.

        :return Decimal: it
        :raises NumberError: for what is none
        """
        lang = self.env['res.lang']._get_progress_lang()
        return numbers.parse(text, lang.decimal_point, lang.thousands_sep, ast.literal_eval(lang.grouping))

    def _read_typed_amount(self, text, what):
        """An amount as somebody typed it, in the notation of their language.

        :raises UserError: that it is none, with an example
        """
        try:
            return numbers.check(self._parse_typed(text), low=0, places=self.currency_id.decimal_places)
        except numbers.NumberError:
            raise UserError(
                self.env._(
                    "%(what)s: “%(text)s” is no amount. Write it like %(example)s.",
                    what=what,
                    text=text[:40],
                    example=self._show_typed_amount(1234.5),
                )
            ) from None

    def _show_typed_amount(self, amount):
        """An amount as one would type it, for a field of the page."""
        return formatLang(self.env, amount, digits=self.currency_id.decimal_places)

    def _preview_certificate(self, actor, given):
        """What would be certified with what is typed, to the cent; nothing stays.

        :return dict: ``difference`` and ``due``, as texts
        :raises UserError: see :meth:`_certify_given`
        """
        self.ensure_one()
        claimed, due = sum(self.line_ids.mapped('amount')), self.current_payment_due
        with self.env.cr.savepoint() as savepoint:
            self._certify_given(actor, given)
            certified, net = sum(self.line_ids.mapped('certified_amount')), self.certified_amount
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        show = self.contract_id._show_amount
        return {'difference': show(claimed - certified), 'due': show(net), 'less': show(due - net)}

    # === MEANWHILE === #

    def _is_waiting(self):
        """Whether the bill waits for the customer's answer."""
        self.ensure_one()
        return self.state in WAITING_STATES

    def _check_may_take(self, kind, contact, version):
        """:raises UserError: for who may not answer so, and for what has been answered or changed meanwhile"""
        if not (contact._may_answer() if kind in REVIEWS else contact._may_talk()):
            raise AccessError(
                self.env._("You read this page; others answer for the customer. Write a message instead.")
            )
        if version != self._get_version() or (kind in REVIEWS and not self._is_waiting()):
            self._raise_meanwhile()

    def _raise_meanwhile(self):
        last = self.answer_ids[:1]
        values = {'bill': self.display_name, 'state': self._get_portal_state_label()}
        if last and last.revision == self.correction_number:
            raise UserError(
                self.env._(
                    "Nothing was changed: %(who)s has answered already, on %(when)s: %(what)s. The status of "
                    "%(bill)s is “%(state)s”.",
                    who=last.partner_id.name,
                    when=format_datetime(self.env, last.create_date, dt_format='short'),
                    what=last._get_label(),
                    **values,
                )
            )
        raise UserError(
            self.env._(
                "Nothing was changed: %(bill)s has been changed since you opened this page. Its status is “%(state)s”. "
                "Read it again before you answer.",
                **values,
            )
        )

    def _get_fingerprint(self):
        """SHA-256 of the figures: the same for as long as nothing of the claim changes."""
        self.ensure_one()
        show = f'%.{self.currency_id.decimal_places}f'
        figures = [
            self.id,
            self.name,
            self.revision,
            self.correction_number,
            self.currency_id.name,
            [
                [line.contract_line_id.id]
                + [show % line[name] for name in ('amount', 'stored_amount', 'certified_amount', 'retainage_amount')]
                for line in self.line_ids.sorted('id')
            ],
            show % self._get_asked_amount(),
        ]
        return hashlib.sha256(json.dumps(figures).encode()).hexdigest()

    def _get_version(self):
        """What the page shows, in a word: an answer to another version is refused."""
        self.ensure_one()
        text = f'{self.state}/{self.is_disputed}/{self._get_fingerprint()}'
        return hashlib.sha256(text.encode()).hexdigest()[:20]
