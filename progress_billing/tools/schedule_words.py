"""The words of the trade: what columns of a schedule of values are called, and what says *total*.

English, German, French, Spanish, Dutch and Italian. Within a field the stronger words come first:
where two columns would do (*Scheduled Value* and *Amount*), the one with the stronger word is taken.

>>> normalize("N° d'ordre"), normalize('Item\\nNo.'), normalize('Completed (G ÷ C) Percent')
('no d ordre', 'item no', 'completed %')
"""

import functools
import re
import unicodedata

#: columns that are known and not imported: what was billed, what is left, what is withheld
IGNORED = ''

COLUMNS = {
    'item_number': """
        item number, item no, item, line item, line no, line number, line, cost code, csi code, bid item, pay item,
        schedule item, section no, division no, code, reference, ref no, ref, position, pos no, pos, no, number,
        positionsnummer, position nr, pos nr, ordnungszahl, oz, lfd nr, laufende nummer, leistungsposition, nr,
        numero de poste, no d ordre, no de poste, numero, poste, article, repere, art, num, n,
        partida, numero de partida, codigo, cod, clave,
        postnummer, postnr, post, bestekpost, besteksnummer, posnr, nummer, positie, regel,
        numero d ordine, num ord, numero voce, voce, articolo, codice, posizione, rif
        """,
    'name': """
        description of work, description of works, description of the work, description of the works, work
        description, item description, description of work and materials, description of item, description,
        scope of work, work item, particulars, scope, trade, activity, work, element, specification, details,
        task, item name, name,
        leistungsbeschreibung, bezeichnung der leistung, bezeichnung, beschreibung, leistungstext, kurztext, leistung,
        gewerk, langtext, text, arbeiten, titel,
        designation des travaux, designation des ouvrages, description des travaux, nature des travaux, designation,
        libelle, intitule, ouvrage, prestation, prestations, travaux, denomination,
        descripcion de los trabajos, descripcion de la partida, descripcion del trabajo, descripcion, concepto,
        unidad de obra, resumen, denominacion, trabajos, detalle,
        omschrijving van de werkzaamheden, omschrijving werkzaamheden, werkomschrijving, omschrijving, beschrijving,
        werkzaamheden, onderdeel, benaming,
        descrizione dei lavori, designazione dei lavori, indicazione dei lavori, descrizione delle opere,
        descrizione lavori, descrizione, designazione, lavorazione, lavorazioni, lavori, opere
        """,
    'original_quantity': """
        scheduled quantity, contract quantity, estimated quantity, bid quantity, est quantity, est qty, bid qty,
        quantity, quantities, qty, quant,
        menge, mengen, lv menge, anzahl, massen,
        quantite, quantites, qte, qtes,
        cantidad, cantidades, medicion, mediciones, cant,
        hoeveelheid, hoeveelheden, aantal, hvh,
        quantita, q ta, qta
        """,
    'unit': """
        unit of measure, unit of measurement, uom, units, unit, u m, um,
        mengeneinheit, maßeinheit, masseinheit, einheit, einh, me, eh,
        unite de mesure, unite, unites, u,
        unidad de medida, unidad, unidades, und, uds, ud,
        eenheid, eenheden, eenh, ehd,
        unita di misura, unita, u di m, u mis, udm
        """,
    'unit_price': """
        unit price, unit rate, price per unit, unit cost, price each, unit value, rate, u price,
        einheitspreis, einzelpreis, preis pro einheit, preis je einheit, e preis, ep,
        prix unitaire ht, prix unitaire, prix unit, pu ht, p u ht, pu, p u,
        precio unitario, precio por unidad, p unitario, valor unitario, precio unidad,
        eenheidsprijs, prijs per eenheid, stukprijs, tarief,
        prezzo unitario, prezzo unit, costo unitario
        """,
    'original_amount': """
        original scheduled value, original contract value, original contract amount, original amount, original value,
        scheduled value, scheduled values, schedule value, schedule of values, contract value, contract amount,
        contract price, contract sum, tender sum, bid amount, extended price, extended amount, extension, line total,
        item total, total price, total amount, total value, net amount, amount, value, lump sum, total cost,
        total, sum, budget, cost,
        auftragswert, auftragssumme, vertragssumme, positionspreis, gesamtpreis netto, gesamtpreis, gesamtbetrag,
        preis gesamt, nettobetrag, betrag netto, betrag, gp, wert, gesamt, summe, netto,
        montant du marche ht, montant du marche, montant marche, montant total ht, montant ht, montant total, montant,
        prix total ht, prix total, total ht, valeur, somme,
        importe contratado, importe de contrato, valor contratado, monto contratado, valor programado, importe total,
        precio total, importe, monto, valor, presupuesto, suma,
        aanneemsom, contractbedrag, contractwaarde, begroot bedrag, totaalbedrag, totaalprijs, totale prijs,
        totaal bedrag, bedrag, totaal, waarde,
        importo contrattuale, valore contrattuale, importo totale, prezzo totale, importo lavori, importo, ammontare,
        valore, totale
        """,
    'completed_percent': """
        % complete to date, % completed to date, % work complete, total % complete, % complete, % completed, % comp,
        complete %, completed %, completion %, % completion, % of completion, work complete, % done, done %, progress %,
        % progress, % to date, complete, completed, completion, progress, done, %,
        fertigstellungsgrad, fertigstellung, leistungsstand, baufortschritt, ausfuhrungsgrad, fortschritt, % fertig,
        fertig %, % erbracht, fertig,
        taux d avancement, % d avancement, % avancement, avancement %, avancement, % realise, % execute, % effectue,
        etat d avancement,
        % de avance, % avance, avance %, avance, grado de avance, % ejecutado, ejecutado %, % ejecucion, % completado,
        % realizado,
        % gereed, gereed %, gereed, % voltooid, voltooid, voortgang, stand der werken, % uitgevoerd,
        % avanzamento, % di avanzamento, avanzamento %, stato di avanzamento, stato avanzamento, avanzamento,
        % completamento, % eseguito, % realizzato, % di completamento
        """,
    'retainage_percent': """
        retainage %, % retainage, retention %, % retention, retainage rate, retention rate,
        einbehalt %, % einbehalt, sicherheitseinbehalt %,
        retenue de garantie %, % retenue de garantie, % retenue, retenue %,
        % retencion, retencion %, % de retencion,
        % inhouding, inhouding %,
        % ritenuta, ritenuta %, % ritenute
        """,
    'display_type': "section type, line type, display type",
    'billing_base': "progress billing base, billing base",
    IGNORED: """
        work completed from previous application, from previous application, from previous applications, previous
        applications, previous application, previously billed, previous billings, previous, billed to date, work
        completed this period, this period, this application, current period, current billing, work completed, work
        in place, materials presently stored, materials stored, stored materials, stored material, presently stored,
        total completed and stored to date, total completed to date, completed and stored to date, completed to date,
        total to date, total completed, balance to finish, balance to complete, balance, remaining, retainage,
        retention, amount due, net due, earned to date, total earned, approved changes, approved change orders,
        change orders, changes, revised contract value, revised scheduled value, revised value, revised amount,
        adjusted value, remarks, remark, notes, comments, vat, vat %, tax, tax %, tax rate, invoiced, left to bill,
        discount, discount %, total incl vat, amount incl vat,
        bisher abgerechnet, bisherige leistung, bisher, vorherige, aktuelle leistung, abgerechnet, restbetrag, rest,
        einbehalt, sicherheitseinbehalt, bemerkung, bemerkungen, mwst, mwst %, ust, ust %, nachtrage, rabatt, brutto,
        situation precedente, precedent, situation du mois, cumul, cumule, reste a facturer, reste a realiser, reste,
        solde, retenue de garantie, retenue, tva, taux tva, observations, remarques, montant ttc, total ttc, avenants,
        remise,
        certificacion anterior, anterior, certificacion actual, a origen, acumulado, pendiente, saldo, retencion,
        iva, observaciones, notas, total con iva,
        vorige termijn, vorige, deze termijn, gefactureerd, restant, resterend, inhouding, btw, opmerkingen,
        opmerking, meerwerk, korting, totaal incl btw,
        sal precedente, sal attuale, precedente, residuo, saldo, ritenuta, ritenute, note, osservazioni, varianti,
        totale con iva
        """,
}

#: the price of a unit where there are quantities or sums beside it, else of the line
PRICES = "price, prices, preis, prix, precio, prijs, prezzo"

#: say that a row is a sum: nobody calls a piece of work so
TOTALS = """
    grand total, overall total, sub total, subtotal, sub totals, subtotals, total, totals, sum total,
    carried forward, brought forward, carry forward, amount carried forward, amount brought forward,
    carried to collection, carried to summary, carried to next page, carried over, to collection, to summary,
    zwischensumme, gesamtsumme, gesamtbetrag, nettosumme, bruttosumme, endsumme, endbetrag, auftragssumme, titelsumme,
    teilsumme, summe, ubertrag, angebotssumme,
    total general, sous total, sous totaux, montant total, a reporter,
    suma y sigue, suma total, importe total, presupuesto total,
    eindtotaal, totaalbedrag, subtotaal, sub totaal, totaal generaal, totaal, over te brengen,
    totale generale, totale complessivo, totale parziale, sub totale, subtotale, importo totale, sommano,
    a riportare, totale, totali
    """

#: may be a sum, or a report, a transport, a lump sum: the amount decides
MAYBE_TOTALS = """
    sum, contract sum, contract price, contract value, contract amount, tender sum, base bid,
    gesamt, insgesamt, nettobetrag, bruttobetrag, montant ht, montant ttc, report, somme, suma, suma anterior,
    transport, som, somma, riporto
    """

#: sums that are pieces of work
NO_TOTALS = ('lump sum', 'provisional sum', 'prime cost sum', 'pc sum', 'total station')

#: may stand beside a total without naming anything
FILLERS = """
    of, the, for, a, an, all, and, this, page, contract, contracts, work, works, items, lines, schedule, values, value,
    amount, amounts, price, project, original, net, gross, excl, incl, excluding, including, vat, tax, taxes, usd, eur,
    der, die, das, des, aller, netto, brutto, ohne, mit, zzgl, inkl, mwst, ust, auftrag, positionen, leistungen,
    le, la, les, du, de, d, l, ht, ttc, hors, tva, travaux, marche, general, lot, lots,
    el, los, las, del, sin, con, iva, obra, contrato, presupuesto,
    het, van, excl, exclusief, inclusief, btw, werk, generaal, aanneemsom,
    il, lo, gli, i, dei, delle, lavori, opere, generale, complessivo, esclusa, inclusa, importo
    """

#: say that a row is a tax; the contract's amounts are untaxed
TAXES = """
    vat, value added tax, sales tax, gst, hst, pst, qst, tax, mwst, mehrwertsteuer, ust, umsatzsteuer, tva, tps, tvq,
    taxe, taxes, iva, impuesto, impuestos, btw, imposta
    """

#: say that a row below the total belongs to the claim, not to the contract
CLAIMS = """
    retainage, retention, less retainage, less retention, less previous, previous payments, previous certificates,
    amount due, balance due, balance to finish, current payment due, total earned, net due, payment due,
    einbehalt, sicherheitseinbehalt, abzuglich, zahlbetrag, restbetrag, bereits gezahlt, abschlagszahlung,
    retenue, retenue de garantie, net a payer, acompte, acomptes, a deduire, reste a payer,
    retencion, a pagar, liquido, anticipo, certificacion anterior,
    inhouding, te betalen, voorschot, reeds gefactureerd,
    ritenuta, ritenute, a pagare, netto a pagare, acconto, acconti, a dedurre
    """


_PERCENT = re.compile(r'\b(percentage|percent|per cent|pct|prozent|pourcentage|porcentaje|procent|percentuale)\b')


@functools.lru_cache(maxsize=4096)
def normalize(text):
    """Words of a heading or label in small letters, without accents, signs and formulas like (G ÷ C)."""
    text = re.sub(r'\(\s*[A-Z](\s*[-+÷/x*–]\s*[A-Z])*\s*\)', ' ', text)
    text = re.sub(r'[#№]|n[°º]', ' no ', text, flags=re.IGNORECASE)
    text = unicodedata.normalize('NFKD', text.casefold())
    text = ''.join(char for char in text if not unicodedata.combining(char))
    text = re.sub(_PERCENT, '%', text)
    return ' '.join(re.findall(r'%|[^\W_]+', text))


def _split(words):
    return [normalize(word) for word in ' '.join(words.split()).split(',') if word.strip()]


#: normalized synonyms by field, the strongest first
SYNONYMS = {field: _split(words) for field, words in COLUMNS.items()}
PRICE_WORDS = frozenset(_split(PRICES))
TOTAL_WORDS = sorted(_split(TOTALS), key=len, reverse=True)
MAYBE_TOTAL_WORDS = sorted(_split(MAYBE_TOTALS), key=len, reverse=True)
FILLER_WORDS = frozenset(_split(FILLERS))
TAX_WORDS, CLAIM_WORDS = _split(TAXES), _split(CLAIMS)


def match_column(heading, more=None):
    """The field a heading names, and how surely.

    :param str heading: text of the column's heading
    :param dict more: further synonyms by field, for example the labels on screen
    :return tuple: field and distance (0 exact, below 1 by a word of the trade in it); ``(None, 1)`` for no match

    >>> [match_column(heading)[0] for heading in ('Item No.', 'Description of Work', '% Complete', 'Balance to Finish')]
    ['item_number', 'name', 'completed_percent', '']
    >>> match_column('Value of the moon')
    (None, 1)
    """
    words, best = normalize(heading), (None, 1)
    if not words:
        return best
    known = _find_synonyms(words)
    for field in SYNONYMS:
        labels = [normalize(label) for label in (more or {}).get(field, ())]
        distances = [(rank, _get_distance(words, label)) for rank, label in enumerate(labels)]
        for rank, distance in (*distances, *((len(labels) + rank, distance) for rank, distance in known[field])):
            if distance is not None and distance + rank / 1000 < best[1]:
                best = field, distance + rank / 1000
    return best


@functools.lru_cache(maxsize=4096)
def _find_synonyms(words):
    """By field, rank and distance of each synonym that is in a heading: the same ones are looked at many times."""
    return {
        field: [(rank, _get_distance(words, synonym)) for rank, synonym in enumerate(synonyms) if synonym in words]
        for field, synonyms in SYNONYMS.items()
    }


def _get_distance(words, synonym):
    """0 for the synonym itself, 0.5 and more where it stands in a longer heading; else ``None``."""
    if words == synonym:
        return 0
    if len(synonym) <= 3 or f' {synonym} ' not in f' {words} ':
        return None
    tokens = words.split()
    rest = [word for word in tokens if word not in synonym.split()]
    return 0.5 + 0.1 * len(rest) - 0.001 * len(synonym) if len(rest) <= 2 and len(tokens) <= 7 else None


def is_total(label):
    """How surely a label names a sum.

    :return str: ``whole`` where it says so and nothing else, ``part`` where it has the word with the name of
        something, ``maybe`` where the word may be a piece of work; empty for no sum

    >>> [is_total(label) for label in ('GRAND TOTAL:', 'Sous-total Lot 3', 'Site works total', 'Totally new roof')]
    ['whole', 'whole', 'part', '']
    >>> [is_total(label) for label in ('Report', 'Lump sum', 'Total excl. VAT')]
    ['maybe', '', 'whole']
    """
    words = normalize(label)
    if any(f' {word} ' in f' {words} ' for word in NO_TOTALS):
        return ''
    for word in TOTAL_WORDS:
        if f' {word} ' in f' {words} ':
            rest = f' {words} '.replace(f' {word} ', ' ').split()
            if all(token in FILLER_WORDS or token.isdecimal() or len(token) == 1 for token in rest):
                return 'whole'
            if words.startswith(f'{word} ') or words.endswith(f' {word}'):
                return 'part'
    return 'maybe' if has_word(label, MAYBE_TOTAL_WORDS) else ''


def is_subtotal(label):
    """Whether a label begins or ends with a word that is never a piece of work.

    >>> is_subtotal('Zwischensumme Titel 1'), is_subtotal('Subtotal: Division 3'), is_subtotal('Total roof')
    (True, True, False)
    """
    words = normalize(label)
    return bool(re.match(r'(sub ?tot|sous tot|zwischensumme|teilsumme|titelsumme|grand total|gesamtsumme)', words))


def has_word(label, words):
    """Whether a label begins with one of the words.

    >>> has_word('VAT 20 %', TAX_WORDS), has_word('Taxi rank', TAX_WORDS), has_word('zzgl. MwSt.', TAX_WORDS)
    (True, False, True)
    """
    text = re.sub(r'^(plus|add|zzgl|zuzuglich|plus|mas|piu|less|minus|\W)+ ', '', normalize(label))
    return any(text == word or text.startswith(f'{word} ') for word in words)
