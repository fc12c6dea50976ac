import { registry } from "@web/core/registry";

const lines = ".o_field_widget[name=line_ids]";
const bills = ".o_field_widget[name=bill_ids]";
const row = (list, text) => `${list} .o_data_row:contains(${text})`;
const input = (list, text, name) =>
    `${list} .o_selected_row:has([name=${list === lines ? "name" : "title"}] :value(${text})) [name=${name}] input`;

/** The schedule of values as a spreadsheet: Enter goes down its column and over sections, nothing is added. */
registry.category("web_tour.tours").add("progress_billing_sheet", {
    steps: () => [
        { trigger: `${row(lines, "Walls")} td[name=completed_percent]`, run: "click" },
        { trigger: input(lines, "Walls", "completed_percent"), run: "edit 20 && press Enter" },
        {
            content: "Over the section's heading into the same column",
            trigger: `${input(lines, "Roof", "completed_percent")}:focus`,
            run: "edit 30 && press Enter",
        },
        {
            content: "A line that follows its task is passed over",
            trigger: `${input(lines, "Tiles", "completed_percent")}:focus`,
            run: "edit 40 && press Enter",
        },
        { content: "The column ends here: nothing is added", trigger: `${lines}:not(:has(.o_selected_row))` },
        { trigger: `${lines} .o_list_renderer:not(:has(.o_data_row:nth-child(7)))` },
        {
            content: "Tab goes along the row, Enter then back to the column where it began, one line down",
            trigger: `${row(lines, "Walls")} td[name=completed_percent]`,
            run: "click",
        },
        { trigger: input(lines, "Walls", "completed_percent"), run: "edit 25 % && press Tab" },
        { trigger: `${input(lines, "Walls", "pending_amount")}:focus`, run: "press Enter" },
        { trigger: `${input(lines, "Roof", "completed_percent")}:focus` },
        {
            content: "What follows from the quantity cannot be typed, and looks it",
            trigger: `${row(lines, "Tiles")} td[name=pending_amount].o_progress_closed_cell`,
            run: "click",
        },
        { trigger: `${input(lines, "Tiles", "pending_quantity")}:focus` },

        { trigger: "a.nav-link:contains(Billing Plan)", run: "click" },
        { trigger: `${row(bills, "Start")} td[name=amt_pct]`, run: "click" },
        {
            content: "Tab out of the last record adds none",
            trigger: input(bills, "Start", "amt_pct"),
            run: "press Tab",
        },
        { trigger: `${bills}:not(:has(.o_selected_row)) .o_data_row` },
        { trigger: `${bills} a:contains(Add a line)`, run: "click" },
        { trigger: `${bills} .o_selected_row [name=title] input` },
        { content: "A row that is left empty is not kept", trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved" },
        { trigger: `${bills} .o_list_renderer:not(:has(.o_data_row:nth-child(2)))` },
    ],
});
