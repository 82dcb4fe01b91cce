/**
 * Items that can be left at any time. A generator alone keeps `return` waiting behind a `next` that waits, perhaps for
 * ever; here `end` is called first, which has to make that `next` settle.
 */
export function endable<Item>(
  items: AsyncGenerator<Item, void, void>,
  end: () => void,
): AsyncGenerator<Item, void, void> {
  const leave = () => {
    end();
    return items.return();
  };
  return {
    next: () => items.next(),
    return: leave,
    throw: (error) => {
      end();
      return items.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: async () => void await leave(),
  };
}
