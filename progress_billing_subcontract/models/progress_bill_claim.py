from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import formatLang

from odoo.addons.progress_billing.models.bill.progress_bill import ENDED_STATES, OPEN_STATES
from odoo.addons.progress_billing.tools import money, numbers

#: what a contact may send from the page of a claim
CLAIM_ANSWERS = ('accept', 'decline', 'claim', 'submit')
#: what can be entered for each line, beside the unit of the work
CLAIM_FIELDS = ('work', 'stored', 'rate', 'release')
#: what a claim says beside its lines
CLAIM_HEADER = {'vendor_reference', 'date', 'title', 'description', 'period_id', 'opening_deposit_line_ids'}

#: what stands once it was handed in, beside the lines
HANDED_IN = ('date', 'period_id', 'title', 'description')


class ProgressBillClaim(models.Model):
    """The claim: entered by the subcontractor on the page, or in their name by the office, and submitted once."""

    _name = 'progress.bill'
    _inherit = 'progress.bill'

    vendor_reference = fields.Char(
        string="Subcontractor's Invoice Number", copy=False, tracking=True, help="The same number is taken once."
    )
    commercial_partner_id = fields.Many2one(
        related='partner_id.commercial_partner_id', store=True, index='btree_not_null', guarded=True
    )
    submitted_on = fields.Datetime(guarded=True, readonly=True, copy=False)
    submitted_by_partner_id = fields.Many2one(
        'res.partner', string="Submitted By", guarded=True, readonly=True, copy=False
    )
    is_on_behalf = fields.Boolean(
        string="In Their Name",
        guarded=True,
        readonly=True,
        copy=False,
        help="The office submitted the claim in the subcontractor's name.",
    )

    _vendor_reference_once = models.UniqueIndex(
        "(company_id, commercial_partner_id, vendor_reference) "
        f"WHERE vendor_reference IS NOT NULL AND state NOT IN {ENDED_STATES}",
        "This subcontractor has used this invoice number already.",
    )

    # === INVOICE NUMBER === #

    def _clean_reference(self, vals):
        """Values with an invoice number as it is compared: without spaces around it, nothing for an empty one."""
        if 'vendor_reference' not in vals:
            return vals
        return {**vals, 'vendor_reference': self._read_text(vals['vendor_reference']) or False}

    @api.model_create_multi
    def create(self, vals_list):
        """Invoice numbers are written once their bills are there: they are compared with those of the same partners."""
        vals_list = [self._clean_reference(vals) for vals in vals_list]
        bills = super().create(
            [{name: value for name, value in vals.items() if name != 'vendor_reference'} for vals in vals_list]
        )
        references = {}
        for bill, vals in zip(bills, vals_list, strict=True):
            if 'partner_id' in bill._get_typed(vals) and bill.partner_id != bill.contract_id.partner_id:
                bill._check_may_reassign()
            if vals.get('vendor_reference'):
                references[bill] = vals['vendor_reference']
        if references:
            bills.browse().concat(*references)._check_may_enter()
            self._check_vendor_references(references)
            self._write_together({bill: {'vendor_reference': number} for bill, number in references.items()})
        return bills

    def write(self, vals):
        vals = self._clean_reference(vals)
        typed = self._get_typed(vals)
        if CLAIM_HEADER & typed:
            self._check_may_enter()
        if any(name in typed and self._differs(name, vals[name]) for name in HANDED_IN):
            self._check_may_change_handed_in()
        if 'partner_id' in typed and self._differs('partner_id', vals['partner_id']):
            self._check_may_reassign()
        if 'vendor_reference' in typed:
            if len(self) > 1 and vals['vendor_reference']:
                raise ValidationError(self.env._("An invoice number is that of one claim: enter each its own."))
            self._check_vendor_references(dict.fromkeys(self, vals['vendor_reference']))
        return super().write(vals)

    def _check_may_change_handed_in(self):
        """:raises AccessError: for claims that wait for nothing to be entered, for who does not keep subcontracts"""
        self.filtered(lambda bill: bill.state not in OPEN_STATES)._check_claims_may(
            'change_handed_in',
            self.env._(
                "What was handed in stands: only administrators of Subcontract Billing change the date, the period and "
                "the texts of a claim."
            ),
        )

    def _check_may_reassign(self):
        """Who is paid is agreed on the subcontract (SUB-16).

        :raises AccessError: for users who do not keep subcontracts
        """
        self.contract_id._check_may_keep_subcontracts()

    def _check_vendor_references(self, references):
        """A subcontractor's invoice number is taken once: by one claim, or by a bill of Odoo's own (SUB-7).

        Two sessions at once are told apart by the index.

        :param dict references: numbers by bill, empty for none
        :raises UserError: for a bill whose number cannot change any more
        :raises ValidationError: naming the document that has a number already
        """
        for bill, number in references.items():
            # a declined claim may be invited again, with a number that nobody else has taken since (SUB-7)
            if bill.vendor_reference != number and bill.state not in (*OPEN_STATES, 'declined'):
                raise UserError(
                    self.env._(
                        "The invoice number of %(bill)s cannot change: its status is “%(state)s”.",
                        bill=bill.display_name,
                        state=bill._get_state_label(),
                    )
                )
        taken = self._find_taken_references(references)
        for bill, number in references.items():
            key = (bill.company_id, bill.commercial_partner_id, number)
            twin = number and taken.setdefault(key, bill)
            if twin and twin != bill:
                raise ValidationError(
                    self.env._(
                        "The invoice number %(number)s of %(partner)s is on %(twin)s already. Enter the number of this "
                        "claim.",
                        number=number,
                        partner=bill.commercial_partner_id.display_name,
                        twin=twin.display_name,
                    )
                )

    def _find_taken_references(self, references):
        """What has invoice numbers that are about to be given to claims, whoever may see it.

        :param dict references: numbers by bill, empty for none
        :return dict: another claim or a bill of Odoo's own, by company, partner and number
        """
        numbers = [number for number in references.values() if number]
        if not numbers:
            return {}
        bills = self.browse().concat(*references)
        same = Domain('company_id', 'in', bills.company_id.ids)
        same &= Domain('commercial_partner_id', 'in', bills.commercial_partner_id.ids)
        # sudo: account.move - a number is taken whoever may see where
        moves = self.env['account.move'].sudo()
        own = Domain([('move_type', '=', 'in_invoice'), ('state', '!=', 'cancel'), ('progress_bill_id', '=', False)])
        taken = {
            (move.company_id, move.commercial_partner_id, move.ref): move
            for move in moves.search(same & own & Domain('ref', 'in', numbers))
        }
        live = Domain([('id', 'not in', bills.ids), ('state', 'not in', ENDED_STATES)])
        # sudo: progress.bill - as above
        for other in self.sudo().search(same & live & Domain('vendor_reference', 'in', numbers)):
            taken[other.company_id, other.commercial_partner_id, other.vendor_reference] = other
        return taken

    def _prepare_invoice_vals(self, taxes):
        vals = super()._prepare_invoice_vals(taxes)
        if self.vendor_reference:
            vals['ref'] = self.vendor_reference
        return vals

    # === LINES === #

    def _fill_claim(self):
        """A line for each schedule line that can be claimed, so that the form and the page show them all."""
        vals_list = []
        for bill in self:
            known = bill.line_ids.contract_line_id
            if bill.kind == 'retainage':
                scheduled = [line for line, held in bill.contract_id._get_retainage_held().items() if held]
                vals_list += [
                    {**line._prepare_release(money.ZERO), 'bill_id': bill.id} for line in scheduled if line not in known
                ]
            else:
                vals_list += [
                    {'bill_id': bill.id, 'contract_line_id': line.id, 'amount': 0.0}
                    for line in bill.contract_id._get_billable_lines() - known
                ]
        # sudo: progress.bill.line - a claim of nothing, for whoever accepted
        self.env['progress.bill.line'].sudo()._create_protected(vals_list)

    def _drop_empty_lines(self):
        """What nothing is claimed of is on no bill; what the owner was billed for stays to be given back (SUB-14)."""
        # sudo: progress.bill.line - lines that say nothing
        empty = self.sudo().line_ids.filtered(lambda line: line._is_empty())
        empty._filter_not_billed_to_owner().unlink()

    # === SUBMITTING === #

    def _submit(self, actor):
        """Hand claims in; the office does it in the subcontractor's name, and that shows (SUB-8)."""
        fresh = self.filtered(lambda bill: bill.contract_id._is_subcontract() and bill.state in ('draft', 'rejected'))
        fresh._drop_empty_lines()
        for bill in fresh:
            if all(line._is_empty() for line in bill.line_ids):
                raise UserError(
                    self.env._("Nothing is claimed on %s: enter what was done this period.", bill.display_name)
                )
        result = super()._submit(actor)
        fresh._write_protected({'submitted_on': fields.Datetime.now(), 'submitted_by_partner_id': actor.partner.id})
        # sudo: res.users - who acts, whoever runs the code
        is_office = bool(actor.user) and not actor.user.sudo().share
        # a colleague may be a contact
        behalf = fresh.filtered(lambda bill: is_office and not bill._is_contact(actor.partner))
        behalf._write_protected({'is_on_behalf': True})
        (fresh - behalf)._write_protected({'is_on_behalf': False})
        fresh._message_log_batch(
            {bill.id: bill._get_submitted_text(actor) for bill in fresh}, author_id=actor.partner.id
        )
        return result

    def _get_submitted_text(self, actor):
        self.ensure_one()
        values = {
            'amount': self.contract_id._show_amount(self.amount),
            'due': self.contract_id._show_amount(self.current_payment_due),
            'round': self.review_round,
            'who': actor.name,
            'partner': self.partner_id.display_name,
        }
        if self.is_on_behalf:
            return self.env._(
                "Claim %(round)s: %(amount)s of work, %(due)s due. Submitted by %(who)s in the name of %(partner)s.",
                **values,
            )
        return self.env._("Claim %(round)s: %(amount)s of work, %(due)s due. Submitted by %(who)s.", **values)

    # === THE PAGE === #

    def _get_portal_domain(self):
        """Subcontractors see their invitations and their own drafts too."""
        claims = Domain('contract_id.contract_type', '=', 'subcontract')
        invited = Domain('state', '=', 'planned') & Domain('invited_on', '!=', False)
        own = claims & (invited | Domain('state', 'in', ('draft', 'declined')))
        return super()._get_portal_domain() | (own & Domain('contract_id.state', 'in', ('open', 'closed')))

    def _get_portal_state_label(self):
        if not self.contract_id._is_subcontract():
            return super()._get_portal_state_label()
        return dict(self._fields['claim_status']._description_selection(self.env)).get(self.claim_status, '')

    def _get_answer_takers(self):
        takers = super()._get_answer_takers()
        if not self.contract_id._is_subcontract():
            return takers
        return {
            'accept': lambda actor, _given: self._accept(actor),
            'decline': lambda actor, given: self._decline(actor, given.get('reason')),
            'claim': self._take_claim,
            'submit': self._take_submission,
            **{kind: takers[kind] for kind in ('dispute', 'withdraw', 'forward')},
        }

    def _check_may_take(self, kind, contact, version):
        if not self.contract_id._is_subcontract():
            return super()._check_may_take(kind, contact, version)
        if not contact._may_talk():
            raise AccessError(self.env._("You read this page; others claim for the firm. Write a message instead."))
        if version != self._get_version() or (kind in CLAIM_ANSWERS and self.state not in OPEN_STATES):
            self._raise_meanwhile()
        if kind == 'sign' and not self._is_to_be_signed():
            self._raise_meanwhile()
        return None

    def _is_to_be_signed(self):
        """A subcontractor signs what they have handed in; that approves nothing."""
        if not self.contract_id._is_subcontract():
            return super()._is_to_be_signed()
        return not self.signed_on and self.state in ('submitted', 'approved')

    def _is_waiting(self):
        """A claim waits for the office: no answer of a contact approves it."""
        return not self.contract_id._is_subcontract() and super()._is_waiting()

    def _take_submission(self, actor, given):
        """Keep what was entered, and hand it in."""
        self._take_claim(actor, given)
        self._submit(actor)

    def _take_claim(self, actor, given):
        """Keep what a contact entered: the claim stays a draft.

        :param Actor actor: the contact
        :param dict given: texts: for each bill line ``work_ID`` with ``unit_ID``, ``stored_ID``, ``rate_ID`` and
            ``release_ID``; ``vendor_reference``
        :raises UserError: for what is no number, or what the invitation or the subcontract does not take
        """
        self.ensure_one()
        if self.state not in ('draft', 'rejected'):
            raise UserError(self.env._("Accept the invitation first."))
        self._check_claim_type(given)
        if 'vendor_reference' in given:
            self.write({'vendor_reference': given['vendor_reference']})
        self.line_ids._take_claims(given)
        releases = {line: line._read_claim_number(given, f'release_{line.id}', low=0) for line in self.line_ids}
        self._take_releases({line: release for line, release in releases.items() if release is not None})
        self._write_as(actor, {'shared_on': self.shared_on or fields.Datetime.now()})

    def _take_releases(self, releases):
        """Claim back retainage: what is asked for comes off what the rates withhold.

        :param dict releases: decimals by bill line
        """
        if not releases:
            return
        lines = self.env['progress.bill.line'].concat(*releases)
        if self.kind == 'retainage':
            lines._write_together(
                {
                    line: {'retainage_amount': -float(amount), 'release_amount': float(amount)}
                    for line, amount in releases.items()
                }
            )
            self._settle_claims()
            return
        lines._write_protected({'is_retainage_typed': False})
        self._settle_claims()  # what the rates alone withhold
        vals_by_line = {line: {'release_amount': float(amount)} for line, amount in releases.items()}
        for line, amount in releases.items():
            if amount:
                kept = money.to_decimal(line.retainage_amount) - amount
                vals_by_line[line].update(retainage_amount=float(kept), is_retainage_typed=True)
        lines._write_together(vals_by_line)
        self._settle_claims()

    def _check_claim_type(self, given):
        """:raises UserError: for what the type of the invitation, or the subcontract, does not take"""
        asked = {name for name in CLAIM_FIELDS if any(self._is_asked(given, name, line) for line in self.line_ids)}
        if self.invitation_type == 'retainage' and asked & {'work', 'stored'}:
            raise UserError(self.env._("%s takes claims of retainage only.", self.display_name))
        if self.invitation_type == 'work' and 'release' in asked:
            raise UserError(self.env._("%s takes no claims of retainage.", self.display_name))
        if 'rate' in asked and not self.contract_id.is_retainage_open:
            raise UserError(self.env._("The retainage of %s is set by the office.", self.contract_id.display_name))

    def _is_asked(self, given, name, line):
        """Whether a form asks for something else than what stands there."""
        text = (given.get(f'{name}_{line.id}') or '').strip()
        if not text:
            return False
        number = line._read_claim_number(given, f'{name}_{line.id}')
        stands = {'rate': line.retainage_percent, 'stored': line.stored_amount, 'release': line.release_amount}
        if name in stands:
            return number != money.to_decimal(stands[name])
        return bool(number)

    def _read_claim_text(self, text, what, percent=True):
        """A number as somebody typed it, with its sign.

        :param bool percent: whether a percentage can be meant: its sign makes everything else no number
        :raises UserError: that it is none, with an example
        """
        body = text.strip()
        body = body.rstrip('% ') if percent else body
        sign, body = (-1, body[1:]) if body[:1] in ('-', '−') else (1, body)
        try:
            return sign * numbers.check(self._parse_typed(body))
        except numbers.NumberError:
            raise UserError(
                self.env._(
                    "%(what)s: “%(text)s” is no number. Write it like %(example)s.",
                    what=what,
                    text=text[:40],
                    example=self._show_typed_number(1234.5),
                )
            ) from None

    @api.model
    def _show_typed_number(self, number):
        """A number as one would type it, with all its decimals: quantities and rates have more than money has."""
        exponent = money.to_decimal(round(number, 6)).normalize().as_tuple().exponent
        return formatLang(self.env, number, digits=max(-exponent, 0))

    def _preview_certificate(self, actor, given):
        """What would be due with what is typed so far."""
        if not self.contract_id._is_subcontract():
            return super()._preview_certificate(actor, given)
        self.ensure_one()
        with self.env.cr.savepoint() as savepoint:
            self._take_claim(actor, {name: text for name, text in given.items() if name != 'vendor_reference'})
            claimed, due, retained = self.amount, self.current_payment_due, self.retainage_amount
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        show = self.contract_id._show_amount
        return {'difference': show(claimed), 'due': show(due), 'less': show(retained)}

    def _get_undo_blockers(self):
        """Only administrators cancel or delete what was claimed (SUB-16)."""
        self._check_claims_may(
            'undo', self.env._("Only administrators of Subcontract Billing cancel or delete claims.")
        )
        return super()._get_undo_blockers()
