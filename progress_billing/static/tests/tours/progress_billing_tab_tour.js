import { registry } from "@web/core/registry";

const lines = ".o_field_widget[name=progress_line_ids]";
const bills = ".o_field_widget[name=progress_bill_ids]";

/** From a new project to its first deposit invoice, as a new user would: all on the Billing tab. */
registry.category("web_tour.tours").add("progress_billing_tab", {
    steps: () => [
        { trigger: ".o_list_button_add", run: "click" },
        { trigger: ".o_field_widget[name=name] textarea", run: "edit Bridge Repair" },
        { trigger: "a.nav-link:contains(Billing)", run: "click" },
        {
            content: "The button saves the project and makes its contract",
            trigger: "button[name=action_set_up_progress_tab]",
            run: "click",
        },
        { trigger: ".o_field_widget[name=progress_partner_id] input", run: "edit Tour Customer" },
        { trigger: ".o-autocomplete--dropdown-item:contains(Tour Customer)", run: "click" },
        { trigger: `${lines} a:contains(Add a line)`, run: "click" },
        { trigger: `${lines} .o_selected_row [name=name] textarea`, run: "edit Piers" },
        { trigger: `${lines} .o_selected_row [name=original_amount] input`, run: "edit 10,000" },
        { trigger: `${lines} a:contains(Add a line)`, run: "click" },
        { content: "The first row is left before the next is typed", trigger: `${lines} .o_data_row:not(.o_selected_row):contains(Piers)` },
        { trigger: `${lines} .o_selected_row [name=name] textarea`, run: "edit Deck" },
        { trigger: `${lines} .o_selected_row [name=original_amount] input`, run: "edit 5,000.50" },
        { trigger: "a.nav-link:contains(Billing Plan)", run: "click" },
        { trigger: `${bills} a:contains(Add a line)`, run: "click" },
        { trigger: `${bills} .o_selected_row [name=title] input`, run: "edit Start of works" },
        { trigger: `${bills} .o_selected_row [name=amt_pct] input`, run: "edit 25 %" },
        {
            content: "Nothing is saved by hand: the button does it",
            trigger: "button[name=action_open_progress_contract]",
            run: "click",
        },
        { trigger: ".o_field_widget[name=progress_state] .badge:contains(Open)" },
        { trigger: `${bills} .o_data_row:contains(Start of works):contains(25%) button[name=action_create]`, run: "dblclick" },
        { trigger: ".o_field_widget[name=invoice_line_ids]:contains(Deposit 25 % of)" },
        { trigger: "button[name=action_post]", run: "click" },
        { trigger: ".o_arrow_button_current:contains(Posted)" },
        { trigger: "button[name=action_view_progress_bill]", run: "click" },
        { trigger: ".o_field_widget[name=invoice_state]:contains(Posted)" },
    ],
});
