import { useEffect, useRef } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { IframeWrapperField, iframeWrapperField } from "@web/views/fields/iframe_wrapper/iframe_wrapper_field";

/** A statement is a page of paper: where the screen is narrower, all of it is shown smaller, and nothing is cut off. */
export class StatementPreviewField extends IframeWrapperField {
    setup() {
        super.setup();
        const frameRef = useRef("iframe");
        useEffect(
            () => {
                const frame = frameRef.el;
                const observer = new ResizeObserver(() => this.fit(frame));
                observer.observe(frame.parentElement);
                this.fit(frame);
                return () => observer.disconnect();
            },
            () => [this.props.record.data[this.props.name]]
        );
    }

    fit(frame) {
        Object.assign(frame.style, { width: "100%", height: "100%", transform: "none" });
        const page = frame.contentDocument.documentElement;
        const scale = Math.min(1, page.clientWidth / page.scrollWidth);
        const size = `${100 / scale}%`;
        Object.assign(frame.style, { width: size, height: size, transform: `scale(${scale})` });
    }
}

registry.category("fields").add("collection_statement_preview", {
    ...iframeWrapperField,
    component: StatementPreviewField,
});
