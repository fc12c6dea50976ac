import { registry } from "@web/core/registry";

const bills = ".o_field_widget[name=progress_bill_ids]";

/** From a confirmed order to its first deposit invoice, and to the change order an order line proposes. */
registry.category("web_tour.tours").add("progress_billing_order", {
    steps: () => [
        { trigger: "button[id=create_invoice]" },
        { trigger: "a.nav-link[name=progress_billing]", run: "click" },
        { trigger: "button[name=action_set_up_progress_tab]", run: "click" },
        { trigger: ".o_field_widget[name=progress_state] .badge:contains(Open)" },
        {
            content: "The contract bills all of it: nothing is left for Create Invoice",
            trigger: ".o_form_view:not(:has(button[id=create_invoice])):not(:has(button[id=create_invoice_percentage]))",
        },
        { trigger: "a.nav-link:contains(Billing Plan and Bills)", run: "click" },
        { trigger: `${bills} .o_data_row:contains(Order):contains(30%) button[name=action_create]`, run: "click" },
        { trigger: ".o_field_widget[name=invoice_line_ids]:contains(Deposit 30 % of)" },
        { trigger: "button[name=action_post]", run: "click" },
        { trigger: ".o_arrow_button_current:contains(Posted)" },
        { trigger: ".o_breadcrumb a:contains(S0)", run: "click" },
        { trigger: "button[name=action_view_invoice]:contains(1)" },
        { trigger: "a.nav-link[name=order_lines]", run: "click" },
        { trigger: ".o_field_widget[name=order_line] .o_data_row:first td[name=product_uom_qty]", run: "click" },
        { trigger: ".o_field_widget[name=order_line] .o_selected_row [name=product_uom_qty] input", run: "edit 2" },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved, .o_form_button_create" },
        { trigger: "a.nav-link[name=progress_billing]", run: "click" },
        { trigger: ".alert:contains(The order has changed by) button[name=action_view_progress_changes]", run: "click" },
        { trigger: "button[name=action_approve]", run: "click" },
        { trigger: ".o_field_widget[name=revised_amount]:contains(2,000)" },
    ],
});
