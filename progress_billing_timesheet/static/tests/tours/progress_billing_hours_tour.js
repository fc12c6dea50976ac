import { registry } from "@web/core/registry";

const picker = ".o_progress_picker";
const figure = (name, text) => ({ trigger: `.o_field_widget[name=${name}]:contains(${text})` });

/** From the project's Billing tab to an invoice with hours and a product on it. */
registry.category("web_tour.tours").add("progress_billing_hours", {
    steps: () => [
        { trigger: "a.nav-link[name=progress_billing]", run: "click" },
        { trigger: "button[name=action_progress_bill]", run: "click" },
        { trigger: `${picker} .o_progress_group:contains(Ann)` },
        figure("total_time_amount", "1,000.00"),
        { trigger: `${picker} .o_progress_group:contains(Ann) input`, run: "click" },
        figure("selected_time_amount", "600.00"),
        { trigger: `${picker} .o_progress_group:contains(Bob) .o_progress_name`, run: "click" },
        { trigger: `${picker} .o_progress_entry:contains(Work) input`, run: "click" },
        figure("selected_time_amount", "1,000.00"),
        { trigger: ".o_field_widget[name=wip_bill_amount] input", run: "edit 1500" },
        { trigger: `${picker} button[data-tab=product]`, run: "click" },
        { trigger: `${picker} .o_progress_entry:contains(Licence) input`, run: "click" },
        figure("product_amount", "250.00"),
        figure("net_amount", "1,750.00"),
        { trigger: ".o_progress_preview tr:contains(Adjustment):contains(500.00)" },
        { trigger: "button[name=action_continue]", run: "click" },
        { trigger: ".o_field_widget[name=invoice_line_ids]:contains(Licence)" },
    ],
});
