import { debounce } from "@web/core/utils/timing";
import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";
import { rpc } from "@web/core/network/rpc";

/** What is due with the amounts typed so far, as the server reads and computes it. */
export class ProgressCertify extends Interaction {
    static selector = "[data-preview]";
    dynamicContent = {
        _root: {
            "t-on-toggle": () => this.preview(),
            "t-on-input": () => this.typed(),
            "t-on-change": () => this.typed(),
        },
    };

    setup() {
        this.asked = 0;
        this.typed = debounce(() => this.preview(), 300);
    }

    start() {
        if (this.el.dataset.stands) {
            this.preview(); // what stands, before anything is typed
        }
    }

    async preview() {
        const form = this.el.closest("form") || this.el.querySelector("form");
        const asked = ++this.asked;
        const answer = await this.waitFor(
            rpc(this.el.dataset.preview, {
                access_token: this.el.dataset.token,
                given: Object.fromEntries(new FormData(form)),
            })
        );
        if (asked === this.asked) {
            this.show(answer);
        }
    }

    show(answer) {
        const error = this.el.querySelector(".o_progress_preview_error");
        error.textContent = answer.error || "";
        error.classList.toggle("d-none", !answer.error);
        this.el.querySelector(".o_progress_preview_figures").classList.toggle("d-none", !!answer.error);
        for (const name of ["difference", "due", "less"]) {
            this.el.querySelector(`.o_progress_${name}`).textContent = answer[name] || "–";
        }
    }
}

/** An answer is sent once, however often one clicks. */
export class ProgressAnswer extends Interaction {
    static selector = ".o_progress_answer";
    dynamicContent = {
        _root: { "t-on-submit": () => this.block() },
    };

    block() {
        for (const button of this.el.querySelectorAll("button[type=submit]")) {
            // after the form is sent, with the button in it
            this.waitForTimeout(() => (button.disabled = true), 0);
        }
    }
}

/** Numbers that were typed and not sent are not lost without a question: a file is uploaded by another form. */
export class ProgressTyped extends Interaction {
    static selector = ".o_progress_typed";
    dynamicContent = {
        _root: {
            "t-on-input": () => (this.unsent = true),
            "t-on-submit": () => (this.unsent = false),
        },
        _window: { "t-on-beforeunload": (ev) => this.unsent && ev.preventDefault() },
    };
}

registry.category("public.interactions").add("progress_billing.certify", ProgressCertify);
registry.category("public.interactions").add("progress_billing.answer", ProgressAnswer);
registry.category("public.interactions").add("progress_billing.typed", ProgressTyped);
