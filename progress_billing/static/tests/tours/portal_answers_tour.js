import { registry } from "@web/core/registry";

/** Choose a file as one does in the dialog of the browser, which no script can open. */
function choose(input, name, type, content) {
    const files = new DataTransfer();
    files.items.add(new File([content], name, { type }));
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}

async function drawPicture() {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 20;
    canvas.getContext("2d").fillRect(0, 0, 10, 10);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

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

registry.category("web_tour.tours").add("progress_portal_certify_sum", {
    steps: () => [
        { trigger: "#progress_certify summary", run: "click" },
        { trigger: "#progress_certify[open] .o_progress_due:contains(8,100.00)" },
        { trigger: "#certified_sum", run: "edit 8,000.00" },
        { trigger: ".o_progress_due:contains(8,000.00)" },
        { trigger: ".o_progress_less:contains(100.00)" },
        { trigger: "#certified_sum", run: "edit 9,000.00" },
        { trigger: ".o_progress_preview_error:contains(lies between nothing and)" },
        { trigger: "#certified_sum", run: "edit 8,000.00" },
        { trigger: ".o_progress_due:contains(8,000.00)" },
        { trigger: "#progress_certify button[type=submit]", run: "click", expectUnloadPage: true },
        { trigger: "[name=progress_message]:contains(approved with the amounts you entered)" },
    ],
});

registry.category("web_tour.tours").add("progress_portal_upload", {
    steps: () => [
        {
            trigger: "#progress_upload input[type=file]",
            async run() {
                choose(this.anchor, "roof.png", "image/png", await drawPicture());
            },
        },
        { trigger: "#progress_upload button[type=submit]", run: "click", expectUnloadPage: true },
        { trigger: "[name=progress_message]:contains(your files are with the bill)" },
        { trigger: "#progress_uploads a:contains(roof.png)" },
        {
            trigger: "#progress_upload input[type=file]",
            run() {
                choose(this.anchor, "page.html", "text/html", "<script>alert(1)</script>");
            },
        },
        { trigger: "#progress_upload button[type=submit]", run: "click", expectUnloadPage: true },
        { trigger: "[name=progress_error]:contains(page.html cannot be uploaded)" },
    ],
});

registry.category("web_tour.tours").add("progress_portal_comment", {
    steps: () => [
        { trigger: "#chatterRoot:shadow .o-mail-Composer-input", run: "edit When is the roof done?" },
        { trigger: "#chatterRoot:shadow .o-mail-Composer button:contains(Send):enabled", run: "click" },
        { trigger: "#chatterRoot:shadow .o-mail-Message:contains(When is the roof done?)" },
    ],
});

registry.category("web_tour.tours").add("progress_portal_milestone", {
    steps: () => [
        { trigger: "form[action*=milestone] input[name=note]", run: "edit I saw it" },
        { trigger: "form[action*=milestone] button[type=submit]", run: "click", expectUnloadPage: true },
        { trigger: "[name=progress_message]:contains(the milestone is approved)" },
        { trigger: ".alert-success:contains(Roof on):contains(Anna Approver)" },
    ],
});

registry.category("web_tour.tours").add("progress_portal_invoice", {
    steps: () => [
        { trigger: "[name=pay]", run: "click", expectUnloadPage: true },
        { trigger: ".o_portal_invoice_sidebar #invoice_content" },
    ],
});
