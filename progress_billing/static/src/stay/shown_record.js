import { patch } from "@web/core/utils/patch";
import { actionService } from "@web/webclient/actions/action_service";

/**
 * Say with every button of a form which record the page shows. Methods that callers from outside use answer with the
 * action that shows their record; pressed on that record's own form, the server answers with a reload instead, and the
 * breadcrumb does not grow by the same record again (see controllers/button.py).
 */
patch(actionService, {
    start() {
        const service = super.start(...arguments);
        const { doActionButton } = service;
        service.doActionButton = (params, ...rest) => {
            const page = service.currentController;
            const model = page?.props?.resModel;
            const id = page?.currentState?.resId || page?.props?.resId;
            const isOurs = params.resModel?.startsWith("progress.");
            if (params.type !== "object" || (!isOurs && !params.context?.progress_shown)) {
                return doActionButton.call(service, params, ...rest);
            }
            const shown = isOurs && page?.view?.type === "form" && id ? [model, id] : false;
            const buttonContext = { ...params.buttonContext, progress_shown: shown };
            return doActionButton.call(service, { ...params, buttonContext }, ...rest);
        };
        return service;
    },
});
