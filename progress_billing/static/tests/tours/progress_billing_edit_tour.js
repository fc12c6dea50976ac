import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";

/** Somebody else enters a percentage while this form is open: saving over it is refused, and works after a reload. */
registry.category("web_tour.tours").add("progress_billing_edit_tour", {
    steps: () => [
        {
            trigger: ".o_form_view .o_field_widget[name=completed_percent] input",
            async run(helpers) {
                const id = Number(window.location.pathname.split("/").pop());
                await rpc("/web/dataset/call_kw", {
                    model: "progress.contract.line",
                    method: "write",
                    args: [[id], { completed_percent: 40 }],
                    kwargs: {},
                });
                await helpers.edit("30");
            },
        },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".modal:contains('changed by somebody else')" },
        { trigger: ".modal .modal-footer button", run: "click" },
        { trigger: ".o_form_button_cancel", run: "click" },
        { trigger: ".o_form_view:not(:has(.modal)) .o_form_saved, .o_form_view .o_form_status_indicator_buttons.invisible" },
    ],
});
