import { registry } from "@web/core/registry";
import { inputFiles } from "@web/../tests/utils";

const rows = ".modal .o_field_widget[name=line_ids]";
const columns = ".modal .o_field_widget[name=column_ids]";

const FILE = [
    "Smith residence,,,",
    "Item No.,Description of Work,Scheduled Value,Colour",
    ',SITE WORKS,,',
    '1,Clearing,"$4,500.00",red',
    "2,Excavation,tbd,blue",
    ',TOTAL,"10,420.00",',
].join("\n");

/** From a file with titles, a total and an amount that is none to the lines of the contract. */
registry.category("web_tour.tours").add("progress_billing_import", {
    steps: () => [
        { trigger: "button[name=action_import_schedule]", run: "click" },
        {
            trigger: ".modal .o_field_widget[name=file_data] .o_select_file_button",
            async run() {
                await inputFiles(".modal .o_field_widget[name=file_data] .o_input_file", [
                    new File([FILE], "schedule.csv", { type: "text/csv" }),
                ]);
            },
        },
        {
            content: "What is left out says why",
            trigger: `${rows} .o_data_row.text-muted:contains(TOTAL):contains(A total.)`,
        },
        { trigger: `${rows} .o_data_row.text-danger:contains(Excavation):contains(is not a number)` },
        { trigger: ".modal .o_field_widget[name=stated_amount]:contains(10,420.00)" },
        { trigger: `${rows} .o_data_row:contains(Excavation) [name=original_amount]`, run: "click" },
        { trigger: `${rows} .o_selected_row [name=original_amount] input`, run: "edit 5,920" },
        {
            content: "The sum follows, and is that of the file",
            trigger: ".modal .o_field_widget[name=amount]",
            run: "click",
        },
        { trigger: ".modal .o_field_widget[name=amount]:contains(10,420.00)" },
        { trigger: ".modal:not(:has(.o_field_widget[name=difference]))" },
        { trigger: ".modal a.nav-link:contains(Columns)", run: "click" },
        { trigger: `${columns} .o_data_row:contains(Colour)` },
        { trigger: ".modal a.nav-link:contains(Rows)", run: "click" },
        { trigger: ".modal button[name=action_import]", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        { trigger: ".o_field_widget[name=line_ids] .o_data_row:contains(Excavation):contains(5,920.00)" },
        { trigger: ".o_notification:contains(2 lines imported)" },
    ],
});
