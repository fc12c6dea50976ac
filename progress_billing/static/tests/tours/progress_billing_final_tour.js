import { registry } from "@web/core/registry";

/** Lay out a plan in three clicks, then close the contract with the final invoice. */
registry.category("web_tour.tours").add("progress_billing_final", {
    steps: () => [
        { trigger: ".o_form_statusbar .dropdown-toggle:contains(More)", run: "click" },
        { trigger: "button[name=action_plan_wizard]", run: "click" },
        { trigger: ".modal .o_field_widget[name=line_ids] .o_data_row:contains(Instalment 3 of 3)" },
        { trigger: ".modal footer button[name=action_confirm]", run: "click" },
        { trigger: "body:not(:has(.modal)) a.nav-link:contains(Billing Plan)", run: "click" },
        { trigger: ".o_field_widget[name=bill_ids] .o_data_row:contains(Instalment 3 of 3)" },
        { trigger: ".o_form_statusbar .dropdown-toggle:contains(More)", run: "click" },
        { trigger: "button[name=action_final_wizard]", run: "click" },
        {
            content: "Work is not complete and records are planned: it asks first",
            trigger: ".modal .o_field_widget[name=bill_ids] .o_data_row:contains(Instalment 1 of 3)",
        },
        { trigger: ".modal footer button[name=action_confirm]", run: "click" },
        { trigger: ".o_field_widget[name=invoice_line_ids]:contains(Deposits invoiced before)" },
        { trigger: "button[name=action_post]", run: "click" },
        { trigger: ".o_arrow_button_current:contains(Posted)" },
    ],
});
