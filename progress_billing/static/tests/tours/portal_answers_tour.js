import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("progress_portal_certify", {
    steps: () => [
        { trigger: "#progress_certify summary", run: "click" },
        { trigger: "#progress_certify[open] .o_progress_due:contains(8,100.00)" },
        { trigger: "#progress_certify input[name^=line_]:first", run: "edit 2,000.00" },
        { trigger: ".o_progress_difference:contains(1,000.00)" },
        { trigger: ".o_progress_due:contains(7,200.00)" },
        { trigger: "#progress_certify input[name^=line_]:first", run: "edit 12,5" },
        { trigger: ".o_progress_preview_error:contains(is no amount)" },
        { trigger: "#progress_certify input[name^=line_]:first", run: "edit 2,500.00" },
        { trigger: ".o_progress_due:contains(7,650.00)" },
        { trigger: "#progress_certify textarea", run: "edit Snow on the roof" },
        { trigger: "#progress_certify button[type=submit]", run: "click", expectUnloadPage: true },
        { trigger: "[name=progress_message]:contains(approved with the amounts you entered)" },
    ],
});

registry.category("web_tour.tours").add("progress_portal_reject", {
    steps: () => [
        { trigger: "#progress_reject summary", run: "click" },
        { trigger: "#progress_reject textarea", run: "edit The roof is not done" },
        { trigger: "#progress_reject button[type=submit]", run: "click", expectUnloadPage: true },
        { trigger: "[name=progress_message]:contains(goes back to be revised)" },
        { trigger: "[name=progress_rejected]:contains(The roof is not done)" },
    ],
});

registry.category("web_tour.tours").add("progress_portal_dispute", {
    steps: () => [
        { trigger: "#progress_dispute summary", run: "click" },
        { trigger: "#progress_dispute textarea", run: "edit Wrong hours" },
        { trigger: "#progress_dispute button[type=submit]", run: "click", expectUnloadPage: true },
        { trigger: "[name=progress_disputed]:contains(Wrong hours)" },
        { trigger: "[name=progress_disputed] button", run: "click", expectUnloadPage: true },
        { trigger: "[name=progress_message]:contains(withdrawn)" },
        { trigger: "button[name=approve]", run: "click", expectUnloadPage: true },
        { trigger: "[name=progress_approved]:contains(Anna Approver)" },
    ],
});

registry.category("web_tour.tours").add("progress_portal_sign", {
    steps: () => [
        { trigger: "button[name=sign]", run: "click" },
        { trigger: ".modal.show canvas.o_web_sign_signature", run: "canvasNotEmpty" },
        { trigger: ".modal.show .o_portal_sign_submit:enabled", run: "click", expectUnloadPage: true },
        { trigger: "[name=progress_message]:contains(the bill is signed)" },
        { trigger: "[name=signed_copy]" },
        { trigger: "[name=progress_signed]:contains(Anna Approver)" },
    ],
});
