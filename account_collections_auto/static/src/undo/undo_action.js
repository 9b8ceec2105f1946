import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/**
 * Tell that a decision was taken, with a button that takes it back.
 *
 * Python returns it as a client action: params = { message, model, id }; the button calls `action_undo` of the record.
 */
function offerUndo(env, action) {
    const { message, model, id } = action.params;
    const undo = async () => {
        close();
        await env.services.orm.call(model, "action_undo", [[id]]);
        env.services.notification.add(_t("Taken back."), { type: "info" });
        await env.services.action.doAction("soft_reload");
    };
    const close = env.services.notification.add(message, {
        type: "success",
        autocloseDelay: 15000,
        buttons: [{ name: _t("Undo"), icon: "fa-undo", primary: true, onClick: undo }],
    });
    return { type: "ir.actions.act_window_close" };
}

registry.category("actions").add("collection_undo", offerUndo);
