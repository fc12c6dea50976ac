from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from .progress_compliance_type import POLICIES, STEPS

ACTIVITY = 'progress_billing_compliance.mail_activity_compliance'
#: what decides whether a document stops anything
EXCUSES = ('is_waived', 'policy', 'holds')
#: whose document it is
OWNERS = ('partner_id', 'company_id', 'contract_id')
#: who excuses documents that are of no contract, by the side that their type is for; of both sides, either
SIDE_MANAGERS = {'customer': 'progress_billing.group_manager', 'vendor': 'progress_billing.group_subcontract_manager'}
#: in these a document holds nothing up
GOOD_STATES = ('valid', 'expiring', 'waived')
BATCH_SIZE = 100


def take_in_batches(model, domain, size):
    """What a scheduled action has to do, in order, committed batch by batch; what others hold is left to them.

    :param domain: on the model
    :param int size: of a batch
    :return: yields records, locked
    """
    cron, seen = model.env['ir.cron'], []
    cron._commit_progress(remaining=model.search_count(domain))
    while batch := model.search(domain & Domain('id', 'not in', seen), limit=size, order='id'):
        seen += batch.ids
        yield batch.try_lock_for_update()
        left = model.search_count(domain & Domain('id', 'not in', seen))
        if not cron._commit_progress(len(batch), remaining=left):
            break  # out of time: the runner calls again


class ProgressCompliance(models.Model):
    """A document that is asked for: of a partner, for all their contracts, or for one contract."""

    _name = 'progress.compliance'
    _description = "Compliance Document"
    _inherit = ['progress.guard.mixin', 'mail.thread', 'mail.activity.mixin']
    _order = 'valid_until desc, id desc'
    _rec_names_search = ['type_id', 'number', 'partner_id']
    _parent_field = 'contract_id'
    _parent_access = 'read'
    _placing_fields = ('company_id', 'partner_id', 'type_id')
    _check_company_auto = True

    type_id = fields.Many2one(
        'progress.compliance.type', string="Document", required=True, index=True, ondelete='restrict'
    )
    kind = fields.Selection(related='type_id.kind')
    signer = fields.Selection(related='type_id.signer')
    contract_id = fields.Many2one(
        'progress.contract',
        index='btree_not_null',
        ondelete='cascade',
        check_company=True,
        help="Empty: for all contracts of the partner.",
    )
    partner_id = fields.Many2one(
        'res.partner',
        required=True,
        index=True,
        ondelete='cascade',
        compute='_compute_partner_id',
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        tracking=True,
    )
    commercial_partner_id = fields.Many2one(
        related='partner_id.commercial_partner_id', string="Firm", store=True, index=True, guarded=True
    )
    company_id = fields.Many2one(
        'res.company',
        required=True,
        index=True,
        compute='_compute_company_id',
        store=True,
        readonly=False,
        precompute=True,
    )
    number = fields.Char(tracking=True)
    valid_from = fields.Date(tracking=True)
    valid_until = fields.Date(tracking=True, index=True)
    attachment_ids = fields.Many2many('ir.attachment', 'progress_compliance_attachment_rel', string="Files")
    holds = fields.Selection(
        STEPS,
        string="Holds Up",
        required=True,
        compute='_compute_holds',
        store=True,
        readonly=False,
        precompute=True,
        help="From which step on: those after it as well.",
    )
    policy = fields.Selection(
        POLICIES, required=True, compute='_compute_policy', store=True, readonly=False, precompute=True
    )
    is_waived = fields.Boolean(string="Not Needed", tracking=True, help="It holds nothing up, whatever its dates.")
    note = fields.Text()
    state = fields.Selection(
        [
            ('missing', "Missing"),
            ('future', "Not Yet Valid"),
            ('valid', "Valid"),
            ('expiring', "Expires Soon"),
            ('expired', "Expired"),
            ('waived', "Not Needed"),
        ],
        string="Status",
        compute='_compute_state',
        search='_search_state',
    )
    reminded_on = fields.Date(readonly=True, copy=False, guarded=True, help="When an activity said that it expires.")

    # === COMPUTE === #

    @api.depends('type_id.name', 'number', 'partner_id')
    def _compute_display_name(self):
        for document in self:
            name = ' '.join(filter(None, (document.type_id.name, document.number)))
            partner = document.partner_id.display_name
            document.display_name = f'{name} ({partner})' if name and partner else name or partner

    @api.depends('contract_id')
    def _compute_partner_id(self):
        for document in self:
            document.partner_id = document.partner_id or document.contract_id.partner_id

    @api.depends('contract_id')
    def _compute_company_id(self):
        for document in self:
            company = document.contract_id.company_id or document.company_id
            document.company_id = company or self.env.company  # default of a partner's document

    @api.depends('type_id')
    def _compute_holds(self):
        for document in self:
            document.holds = document.type_id.holds or 'pay'

    @api.depends('type_id')
    def _compute_policy(self):
        for document in self:
            document.policy = document.type_id.policy or 'stop'

    @api.depends('valid_from', 'valid_until', 'is_waived', 'attachment_ids', 'number', 'type_id.reminder_days')
    def _compute_state(self):
        for document in self:
            document.state = document._get_state()

    def _get_state(self):
        if self.is_waived:
            return 'waived'
        if not self.company_id or not self._is_received():
            return 'missing'
        today = self.company_id._get_progress_today()
        if self.valid_from and self.valid_from > today:
            return 'future'
        if not self.valid_until:
            return 'valid'
        if self.valid_until < today:
            return 'expired'
        return 'expiring' if self.valid_until <= today + timedelta(days=self.type_id.reminder_days) else 'valid'

    def _is_received(self):
        """Whether the document is there: as a file, or known by its number or its dates."""
        return bool(self.attachment_ids or self.number or self.valid_until)

    def _search_state(self, operator, value):
        if operator != 'in':
            return NotImplemented
        ids = [document.id for document in self.search([]) if document.state in value]
        return Domain('id', 'in', ids)

    @api.constrains('valid_from', 'valid_until')
    def _check_dates(self):
        for document in self:
            if document.valid_from and document.valid_until and document.valid_from > document.valid_until:
                raise ValidationError(
                    self.env._(
                        "%(document)s: it is valid from %(start)s, but until %(end)s. Change one of the dates.",
                        document=document.display_name,
                        start=format_date(self.env, document.valid_from),
                        end=format_date(self.env, document.valid_until),
                    )
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        documents = super().create(vals_list)
        documents._keep_files()
        documents.filtered(
            lambda document: (
                document.is_waived
                or document.policy != document.type_id.policy
                or document.holds != document.type_id.holds
            )
        )._check_may_excuse()
        return documents

    def write(self, vals):
        """A renewed document is reminded of anew."""
        if self._is_excused_by(vals):
            self._check_may_excuse()
        result = super().write(vals)
        if 'attachment_ids' in vals:
            self._keep_files()
        if 'valid_until' in vals:
            self.filtered('reminded_on')._write_protected({'reminded_on': False})
            self.activity_unlink([ACTIVITY])
        return result

    def _is_excused_by(self, vals):
        """Whether typed values change what these documents stop: by themselves, as another type says, or because what
        is missing is asked of somebody else."""
        typed = self._get_typed(vals)
        if any(name in typed and self._differs(name, vals[name]) for name in EXCUSES):
            return True
        moved = any(name in typed and self._differs(name, vals[name]) for name in OWNERS)
        if moved and any(document.state not in GOOD_STATES for document in self):
            return True
        if 'type_id' not in typed:
            return False
        kind = self.env['progress.compliance.type'].browse(vals['type_id'])
        followed = [name for name in ('policy', 'holds') if name not in vals]
        return any(document[name] != kind[name] for document in self for name in followed)

    def _check_may_excuse(self):
        """Whether a document is needed, and what it holds up, is said by administrators of the contract's side.

        :raises AccessError: for everybody else
        """
        if self.env.su:
            return
        for document in self:
            contract = document.contract_id
            side = document.type_id.side
            groups = [SIDE_MANAGERS[side]] if side in SIDE_MANAGERS else SIDE_MANAGERS.values()
            allowed = (
                contract._has_side_level('manager')
                if contract
                else any(self.env.user.has_group(group) for group in groups)
            )
            if not allowed:
                raise AccessError(
                    self.env._(
                        "%s: only administrators say that a document is not needed, or holds up something else than "
                        "its type says.",
                        document.display_name,
                    )
                )

    def _keep_files(self):
        """Files that were uploaded before the document was saved belong to it: its readers read them."""
        for document in self:
            loose = document.attachment_ids.filtered(lambda file: not file.res_id and not file.res_field)
            if loose:
                loose.write({'res_model': document._name, 'res_id': document.id})

    # === WHAT IT HOLDS UP === #

    @api.model
    def _find_for(self, contract):
        """Documents of a contract, and of its partner's firm for all contracts; as superuser.

        :param contract: ``progress.contract``
        """
        # sudo: progress.compliance - what holds up a step does not depend on who takes it
        known = contract.sudo()
        shared = known.partner_id.commercial_partner_id.progress_compliance_ids
        found = known.compliance_ids | shared.filtered(
            lambda document: not document.contract_id and document.company_id == known.company_id
        )
        return found.with_prefetch(known.compliance_ids._prefetch_ids)  # of all contracts that are read together

    def _get_sentences(self, step, policy):
        """Why these documents hold up a step: one sentence for each type; a valid one makes up for an expired one.

        :param str step: one of ``STEPS``
        :param str policy: ``stop`` or ``warn``
        :return list: sentences
        """
        order = [name for name, _label in STEPS]
        sentences = []
        for documents in self.grouped('type_id').values():
            if any(document.state in GOOD_STATES for document in documents):
                continue
            held = documents.filtered(
                lambda document: document.policy == policy and order.index(document.holds) <= order.index(step)
            )
            if held:
                sentences.append(held.sorted(lambda document: (document.state != 'missing', document.id))[-1]._tell())
        return sentences

    def _tell(self):
        """What is wrong with a document, in a sentence."""
        self.ensure_one()
        values = {'document': self.type_id.name, 'owner': self.partner_id.display_name}
        if self.state == 'expired':
            return self.env._(
                "%(document)s of %(owner)s expired on %(date)s.", date=format_date(self.env, self.valid_until), **values
            )
        if self.state == 'future':
            return self.env._(
                "%(document)s of %(owner)s is not valid before %(date)s.",
                date=format_date(self.env, self.valid_from),
                **values,
            )
        return self.env._("%(document)s of %(owner)s is missing.", **values)

    # === SCHEDULED ACTION === #

    @api.model
    def _get_expiring_domain(self):
        """What may have to be reminded of: it ends some day, and nobody was told yet."""
        return Domain('valid_until', '!=', False) & Domain('reminded_on', '=', False) & Domain('is_waived', '=', False)

    @api.model
    def _cron_remind_expiring(self):
        """An activity for each document that expires soon or has expired, once."""
        last = fields.Date.add(fields.Date.today(), days=self._get_longest_reminder() + 1)
        for batch in take_in_batches(self, self._get_expiring_domain() & Domain('valid_until', '<=', last), BATCH_SIZE):
            batch._remind()

    @api.model
    def _get_longest_reminder(self):
        types = self.env['progress.compliance.type'].with_context(active_test=False)
        [(days,)] = types._read_group([], [], ['reminder_days:max'])
        return days or 0

    def _remind(self):
        """Schedule the activities of those that are due to be reminded of."""
        due = self.filtered(lambda document: document.state in ('expiring', 'expired'))
        alike = due.grouped(lambda document: (document.valid_until, document._get_responsible(), document.type_id))
        for (valid_until, user, kind), documents in alike.items():
            documents.activity_schedule(
                ACTIVITY,
                date_deadline=valid_until,
                user_id=user.id,
                summary=self.env._("%s: ask for a new one", kind.name),
            )
        for company, documents in due.grouped('company_id').items():
            documents._write_protected({'reminded_on': company._get_progress_today()})

    def _get_responsible(self):
        """Who is told that a document expires."""
        self.ensure_one()
        user = self.contract_id.user_id or self.create_uid
        return user if user.active and not user.share else self.env.user
