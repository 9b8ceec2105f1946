import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/**
 * Tell that a decision was taken or a message sent, with a button that takes it back, and go on.
 *
 * Python returns it as a client action: params = { message, model, id or ids, next }; the button calls `action_undo` of
 * the records, which may return an action that tells what became of it. Without `next`, a dialog is closed.
 */
function offerUndo(env, action) {
    const { message, model, id, ids = [id], next } = action.params;
    const undo = async () => {
        close();
        const answer = await env.services.orm.call(model, "action_undo", [ids]);
        if (answer) {
            return env.services.action.doAction(answer);
        }
        env.services.notification.add(_t("Taken back."), { type: "info" });
        await env.services.action.doAction("soft_reload");
    };
    const close = env.services.notification.add(message, {
        type: "success",
        autocloseDelay: 15000,
        buttons: [{ name: _t("Undo"), icon: "fa-undo", primary: true, onClick: undo }],
    });
    return next || { type: "ir.actions.act_window_close" };
}

registry.category("actions").add("collection_undo", offerUndo);
