import { registry } from "@web/core/registry";

const lines = ".modal .o_field_widget[name=line_ids]";

/** Six instalments become three, a week later. */
registry.category("web_tour.tours").add("progress_billing_plan", {
    steps: () => [
        { trigger: ".o_form_statusbar .dropdown-toggle:contains(More)", run: "click" },
        { trigger: "button[name=action_plan_wizard]", run: "click" },
        {
            content: "All of the contract is planned: the dialog offers to replace it",
            trigger: ".modal .o_field_widget[name=replace_planned] input:checked",
        },
        { trigger: `${lines} .o_data_row:contains(1,000.00)` },
        { trigger: ".modal .o_field_widget[name=count] input", run: "edit 2 && press Tab" },
        {
            content: "Amounts are seen before anything is saved",
            trigger: `${lines}:not(:has(.o_data_row:eq(2))) .o_data_row:contains(1,500.00)`,
        },
        { trigger: ".modal button[name=action_confirm]:contains(Replace Plan)", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        { trigger: "a.nav-link:contains(Billing Plan and Bills)", run: "click" },
        { trigger: ".o_field_widget[name=bill_ids]:not(:has(.o_data_row:eq(2))) .o_data_row:contains(Instalment 1 of 2)" },
        { trigger: "button[name=action_shift_plan]", run: "click" },
        { trigger: ".modal .o_field_widget[name=days] input", run: "edit 10 && press Tab" },
        { trigger: ".modal .o_field_widget[name=line_ids] .o_data_row [name=new_date]" },
        { trigger: ".modal button[name=action_confirm]", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        { trigger: ".o_field_widget[name=bill_ids] .o_data_row:contains(Instalment 2 of 2)" },
    ],
});
