import { registry } from "@web/core/registry";

const schedule = ".o_field_widget[name=progress_line_ids]";
const claims = ".o_field_widget[name=line_ids]";
const cell = (list, line, name) => `${list} .o_data_row:contains(${line}) td[name=${name}]`;

/** What a spreadsheet leaves in the clipboard, pasted into the cell at hand. */
function paste(text) {
    return ({ anchor }) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", text);
        anchor.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    };
}

/** From percentages in the schedule to a pro forma and its invoice, then a further bill by one percentage. */
registry.category("web_tour.tours").add("progress_billing_run", {
    steps: () => [
        { trigger: "a.nav-link:contains(Billing)", run: "click" },
        { trigger: cell(schedule, "Piers", "completed_percent"), run: "click" },
        { trigger: `${schedule} .o_selected_row [name=completed_percent] input`, run: "edit 20 && press Tab" },
        {
            content: "What is pending follows the percentage",
            trigger: `${schedule} .o_selected_row [name=pending_amount] input:value(200.00)`,
        },
        {
            content: "A column copied from a spreadsheet fills the lines downwards",
            trigger: `${schedule} .o_selected_row [name=completed_percent] input`,
            run: paste("30%\n40%\n50%\n"),
        },
        { trigger: `${cell(schedule, "Railing", "completed_percent")}:contains(50.00)` },
        { trigger: `${cell(schedule, "Deck", "pending_amount")}:contains(200.00)` },
        { trigger: "button[name=action_run_billing_wizard]", run: "click" },
        {
            content: "The preview says what will be made",
            trigger: `.modal ${claims} .o_data_row:contains(Pro Forma):contains(650.00)`,
        },
        { trigger: ".modal footer button[name=action_run]", run: "click" },

        { trigger: ".o_arrow_button_current:contains(Pro Forma)" },
        { trigger: cell(claims, "Piers", "amount"), run: "click" },
        { trigger: `${claims} .o_selected_row [name=amount] input`, run: "edit 250 && press Tab" },
        {
            content: "Total Completed (%) follows the amount",
            trigger: `${claims} .o_selected_row [name=total_completed_percent] input:value(25.00)`,
        },
        { trigger: cell(claims, "Deck", "total_completed_percent"), run: "click" },
        {
            trigger: `${claims} .o_selected_row:nth-child(2) [name=total_completed_percent] input`,
            run: "edit 50 && press Tab",
        },
        {
            content: "… and the amount follows Total Completed (%)",
            trigger: `${claims} .o_selected_row:nth-child(2) [name=amount] input:value(250.00)`,
        },
        { trigger: "button[name=action_release]", run: "click" },
        { trigger: ".o_field_widget[name=invoice_line_ids] .o_data_row:contains(Piers):contains(250.00)" },

        { trigger: ".breadcrumb-item a:contains(Quay Wall)", run: "click" },
        { trigger: "a.nav-link:contains(Billing)", run: "click" },
        { trigger: "button[name=action_create_progress_bill]", run: "click" },
        { trigger: ".modal .o_field_widget[name=percent] input", run: "edit 10 % && press Tab" },
        { trigger: ".modal .o_field_widget[name=amount]:contains(180.00)" },
        { trigger: ".modal footer button[name=action_confirm]", run: "click" },
        { trigger: `body:not(:has(.modal)) ${claims} .o_data_row:contains(Piers):contains(35.00)` },
        { trigger: ".o_arrow_button_current:contains(Pro Forma)" },
    ],
});
