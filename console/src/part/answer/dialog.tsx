/** A dialog over the page. The focus stays in it until it is closed, and returns to where it was. */
import {
  DialogContent,
  DialogDescription,
  DialogOverlay,
  DialogPortal,
  DialogRoot,
  DialogTitle,
} from 'reka-ui';
import type { VNode, VNodeChild } from 'vue';

interface Props {
  readonly title: string;
  readonly about: string;
  /** Undefined where it cannot be dismissed. */
  readonly close?: () => void;
  readonly content: () => VNodeChild;
}

export function Dialog({ title, about, close, content }: Props): VNode {
  const keepOpen = (event: Event): void => {
    if (!close) event.preventDefault();
  };
  return (
    <DialogRoot open onUpdate:open={isOpen => (isOpen ? undefined : close?.())}>
      {() => (
        <DialogPortal>
          {() => [
            <DialogOverlay class="dialog-shade" />,
            <DialogContent
              class="dialog"
              onEscapeKeyDown={keepOpen}
              onPointerDownOutside={keepOpen}
              onInteractOutside={keepOpen}
            >
              {() => [
                <DialogTitle as="h2">{() => title}</DialogTitle>,
                <DialogDescription>{() => about}</DialogDescription>,
                content(),
              ]}
            </DialogContent>,
          ]}
        </DialogPortal>
      )}
    </DialogRoot>
  );
}
