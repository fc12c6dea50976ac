class Actor:
    """Who acts: a person, and the user behind them where there is one.

    Business methods take it as a parameter, for they also run with all rights: for a customer who answers on
    a page of his own, for a scheduled action. Rights are checked where the call comes in.
    """

    def __init__(self, partner, user=None):
        """
        :param partner: ``res.partner`` who acts
        :param user: ``res.users``, where the person acts as one
        """
        self.partner = partner
        self.user = user if user is not None else partner.env['res.users']

    @classmethod
    def of(cls, user):
        """The actor behind a user, the job's user included."""
        return cls(user.partner_id, user)

    def may_post(self):
        """Whether this person may post invoices: a user who may, never just code with all rights."""
        # sudo: res.users - the groups of who acts, whoever runs the code
        return bool(self.user) and self.user.sudo().has_group('account.group_account_invoice')

    @property
    def name(self):
        """The name that messages and notes are signed with."""
        return self.partner.sudo().name or ''  # sudo: res.partner - a name, for a message
