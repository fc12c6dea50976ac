import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const bills = ".o_field_widget[name=progress_bill_ids]";

/** Nothing that counts is cut off: amounts, numbers and heads of the list at hand, at the browser's size. */
function assertNothingCut() {
    const cells = document.querySelectorAll(
        ".o_list_renderer :is(td.o_list_number, td[name=name], td[name=invoice_name], tfoot td, th .text-truncate)"
    );
    const cut = [...cells].filter((cell) => cell.offsetParent && cell.scrollWidth > cell.clientWidth + 1);
    const renderer = document.querySelector(".o_list_renderer");
    if (renderer.scrollWidth > renderer.clientWidth + 1) {
        throw new Error("The list is wider than the screen.");
    }
    if (cut.length) {
        throw new Error(`Cut off: ${cut.map((cell) => cell.innerText).join(", ")}`);
    }
}

tours.add("progress_billing_list_fits", {
    steps: () => [{ trigger: ".o_list_renderer .o_data_row", run: assertNothingCut }],
});

/** A down payment takes nothing from the schedule, and says all the same what it asks for. */
tours.add("progress_billing_down_payment_asks", {
    steps: () => [
        { trigger: ".o_data_row:contains(Down Payment):contains(700.00)", run: assertNothingCut },
        { trigger: ".o_data_row:contains(1,000.00):not(:contains(net due))" },
        { trigger: ".o_switch_view.o_kanban", run: "click" },
        { trigger: ".o_kanban_record:contains(Down Payment):contains(700.00)" },
    ],
});

/** The tab: one button says what comes next, the schedule is on the first screen, the rest behind More. */
tours.add("progress_billing_next_step", {
    steps: () => [
        { trigger: "a.nav-link:contains(Billing)", run: "click" },
        {
            content: "The schedule is on the first screen",
            trigger: ".o_field_widget[name=progress_line_ids] .o_data_row:contains(Line 1)",
            run({ anchor }) {
                if (anchor.getBoundingClientRect().bottom > window.innerHeight) {
                    throw new Error("The schedule of values begins below the screen.");
                }
                assertNothingCut();
            },
        },
        { trigger: "a.dropdown-toggle:contains(More)", run: "click" },
        { trigger: ".dropdown-menu.show button[name=action_create_final_invoice]" },
        { trigger: "a.nav-link:contains(Billing Plan and Bills)", run: "click" },
        { trigger: `${bills} .o_data_row:contains(Instalment 1)`, run: assertNothingCut },
        { trigger: "button[name=action_progress_next_step]:contains(Next: Instalment 1)", run: "click" },
        { trigger: "button[name=action_view_progress_bill]", run: "click" },
        { trigger: ".o_field_widget[name=draft_amount]:contains(2,500.00)" },
        { trigger: "button[name=action_post_invoice]", run: "click" },
        { trigger: ".o_field_widget[name=actual_amount]:contains(2,500.00)" },
        { trigger: ".breadcrumb-item a:contains(Quay Wall)", run: "click" },
        { trigger: "a.nav-link:contains(Billing)", run: "click" },
        { trigger: "button[name=action_progress_next_step]:contains(Next: Instalment 2)" },
        { trigger: ".o_progress_figures [name=progress_billed_amount]:contains(2,500.00)" },
    ],
});

/** On a phone: cards with amount and status. */
tours.add("progress_billing_phone", {
    steps: () => [
        { trigger: ".o_kanban_record:contains(Instalment 2):contains(2,500.00):contains(Planned)", run: "click" },
        { trigger: ".o_form_view .o_field_widget[name=title]" },
    ],
});
tours.add("progress_billing_phone_contract", {
    steps: () => [
        { trigger: ".o_kanban_record:contains(Quay Wall):contains(10,000.00):contains(Open)", run: "click" },
        { trigger: ".o_form_view .o_kanban_record:contains(Line 1):contains(10,000.00)" },
        { trigger: "a.nav-link:contains(Billing Plan)", run: "click" },
        { trigger: ".o_form_view .o_kanban_record:contains(Instalment 1):contains(Planned)" },
    ],
});

/** A percentage typed as an amount is one of the contract; where there is none beside it, it is refused. */
tours.add("progress_billing_share_typed", {
    steps: () => [
        { trigger: ".o_form_statusbar .dropdown-toggle:contains(More)", run: "click" },
        { trigger: "button[name=action_down_payment_wizard]", run: "click" },
        {
            content: "Confirmed at once: what is typed is taken",
            trigger: ".modal .o_field_widget[name=amount] input",
            run: "edit 30 %",
        },
        { trigger: ".modal footer button[name=action_confirm]", run: "click" },
        { trigger: ".o_field_widget[name=invoice_line_ids]:contains(3,000.00)" },
    ],
});
tours.add("progress_billing_share_refused", {
    steps: () => [
        { trigger: ".o_field_widget[name=line_ids] .o_data_row td[name=pending_amount]", run: "click" },
        {
            trigger: ".o_field_widget[name=line_ids] .o_selected_row [name=pending_amount] input",
            run: "edit 20% && press Tab",
        },
        { trigger: ".o_notification:contains(“20%” is a percentage: type an amount.)" },
        { trigger: ".o_selected_row .o_field_invalid[name=pending_amount]" },
        { trigger: ".o_form_button_cancel", run: "click" },
    ],
});
