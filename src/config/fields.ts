/** What one setting may be. A value comes from JSON, or as text from the environment. */
export interface Field<T> {
  /** Taken when neither file nor environment gives one; without it the setting must be given. */
  readonly fallback?: T;
  /** Throws an Error whose message completes "must be …". */
  parse(value: unknown): T;
}

export type Values<S extends Schema> = {
  readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never;
};

export type Schema = Readonly<Record<string, Field<unknown>>>;

const withFallback = <T>(parse: (value: unknown) => T, fallback: T | undefined): Field<T> =>
  fallback === undefined ? { parse } : { parse, fallback };

export function integer(minimum: number, maximum: number, fallback?: number): Field<number> {
  const parse = (value: unknown): number => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    const fits = Number.isSafeInteger(number) && Number(number) >= minimum;
    if (fits && Number(number) <= maximum) return Number(number);
    throw new Error(`a whole number from ${minimum} to ${maximum}`);
  };
  return withFallback(parse, fallback);
}

export const port = (fallback?: number): Field<number> => integer(1, 65535, fallback);

/** A field that may be absent: null. */
export function optional<T>(field: Field<T>): Field<T | null> {
  return {
    fallback: null,
    parse: (value) => (value === null || value === '' ? null : field.parse(value)),
  };
}

export function text(form: RegExp, description: string, fallback?: string): Field<string> {
  const parse = (value: unknown): string => {
    if (typeof value === 'string' && form.test(value)) return value;
    throw new Error(description);
  };
  return withFallback(parse, fallback);
}

export function oneOf<const T extends string>(choices: readonly T[], fallback?: T): Field<T> {
  const parse = (value: unknown): T => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new Error(`one of ${choices.join(', ')}`);
  };
  return withFallback(parse, fallback);
}

export const flag = (fallback: boolean): Field<boolean> => ({
  fallback,
  parse: (value) => {
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw new Error('true or false');
  },
});

/** A non-empty list; in the environment separated by commas. */
export function listOf(item: Field<string>): Field<readonly string[]> {
  return {
    parse: (value) => {
      const items = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value;
      if (Array.isArray(items) && items.length > 0) {
        return Object.freeze(items.map((one) => item.parse(one)));
      }
      throw new Error('a list with at least one entry');
    },
  };
}

/** `rpcPort` is overridden by `DFTFS_RPC_PORT`. */
export function variableOf(key: string): string {
  return `DFTFS_${key.replaceAll(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase()}`;
}

/**
 * All values of a schema, frozen. The environment beats the file; a key that the schema doesn't
 * know is refused, so that a slip of the pen is not silently a default.
 */
export function readValues<S extends Schema>(
  where: string,
  schema: S,
  file: unknown,
  environment: NodeJS.ProcessEnv,
): Values<S> {
  if (typeof file !== 'object' || file === null || Array.isArray(file)) {
    throw new Error(`${where} must be an object`);
  }
  const given = new Map<string, unknown>(Object.entries(file));
  const unknown = [...given.keys()].find((key) => !Object.hasOwn(schema, key));
  if (unknown !== undefined) throw new Error(`${where}.${unknown} is not a setting`);
  const values = Object.entries(schema).map(([key, field]) => {
    const variable = variableOf(key);
    const override = environment[variable];
    const name = override === undefined ? `${where}.${key}` : variable;
    return [key, readOne(name, field, override ?? given.get(key))];
  });
  return Object.freeze(Object.fromEntries(values)) as Values<S>;
}

function readOne(name: string, field: Field<unknown>, value: unknown): unknown {
  if (value === undefined) {
    if ('fallback' in field) return field.fallback;
    throw new Error(`${name} is missing`);
  }
  try {
    return field.parse(value);
  } catch (error) {
    throw new Error(`${name} must be ${(error as Error).message}, not ${JSON.stringify(value)}`);
  }
}
