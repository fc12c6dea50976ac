"""Reading e-mail templates as those who get them, in each language."""

import html

from odoo.tools import html2plaintext

#: a sentence that every e-mail to a contact has
LANGUAGES = {
    'de_DE': "Dieser Link gilt nur für Sie",
    'fr_FR': "Ce lien est personnel",
    'es_ES': "Este enlace es solo para usted",
    'nl_NL': "Deze link is alleen voor u",
}


def load_languages(env, *addons):
    """Install the languages, with what these addons say in them."""
    for code in LANGUAGES:
        env['res.lang']._activate_lang(code)
    env['ir.module.module']._load_module_terms(['base', *addons], list(LANGUAGES))


def render_mail(template, record):
    """Subject and text of an e-mail in the language of whoever gets it, with plain spaces."""
    subject, body = (
        template._render_field(name, record.ids, compute_lang=True)[record.id] for name in ('subject', 'body_html')
    )
    text = html.unescape(f'{subject}\n{html2plaintext(body)}')
    return text.replace('\xa0', ' ').replace('\u202f', ' ').replace('\ufeff', '')


def show_euros(amount, code):
    """An amount as people of a language write it."""
    return f'{amount:,.2f} €'.translate(str.maketrans(',.', ' ,' if code == 'fr_FR' else '.,'))
