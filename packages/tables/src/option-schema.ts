import type { z } from 'zod'

type Node = z.core.JSONSchema.BaseSchema

/** The parts of a zod schema that are met on the way to an option, as JSON Schema: there they are data, of public form. */
export interface OptionSchema {
  /** The parts for the value at `path`: several where the schema has alternatives there. */
  at(path: readonly PropertyKey[]): Node[]
}

/** @param value what was given: of alternatives that are told apart by a constant, the one that it chose is taken */
export function optionSchema(schema: z.ZodType, value: unknown): OptionSchema {
  const root = schema.toJSONSchema({
    io: 'input',
    unrepresentable: ({ zodSchema }) => (zodSchema._zod.def.type === 'date' ? { format: 'date-time' } : 'any'),
  })
  return {
    at(path) {
      let nodes = alternatives(root, value, root)
      for (const [i, step] of path.entries()) {
        const given = valueAt(value, path.slice(0, i + 1))
        nodes = nodes.flatMap((node) => alternatives(child(node, step), given, root))
      }
      return nodes
    },
  }
}

export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let node = value
  for (const step of path) {
    if (typeof node !== 'object' || node === null) return undefined
    node = Reflect.get(node, step)
  }
  return node
}

function child(node: Node, step: PropertyKey): unknown {
  if (typeof step === 'number') return node.prefixItems?.[step] ?? node.items
  return node.properties?.[String(step)] ?? node.additionalProperties
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null

/** @param root where a schema that holds itself is looked up; without it, such a part is left as it is */
function alternatives(node: unknown, value: unknown, root?: Node): Node[] {
  if (!isNode(node)) return []
  if (root && node.$ref) {
    const target = node.$ref === '#' ? root : root.$defs?.[node.$ref.replace('#/$defs/', '')]
    return alternatives(target, value, root)
  }
  const several = node.anyOf ?? node.oneOf
  if (!several) return [node]
  const all = several.flatMap((one) => alternatives(one, value, root))
  const chosen = all.filter((one) =>
    Object.entries(one.properties ?? {}).every(
      ([name, property]) => !isNode(property) || !('const' in property) || property.const === valueAt(value, [name]),
    ),
  )
  return chosen.length > 0 ? chosen : all
}

/** The keys that are known. */
export function keysOf(nodes: readonly Node[]): string[] {
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))]
}

/** The values of a list to choose from. */
export function valuesOf(nodes: readonly Node[]): unknown[] {
  return nodes.flatMap((node) => {
    if (node.type === 'null') return [null]
    return 'const' in node ? [node.const] : (node.enum ?? [])
  })
}

/** "a whole number from 1 to 16, or an array of at least 1 value"; undefined where it cannot be said in full. */
export function allowedBy(nodes: readonly Node[], given: unknown): string | undefined {
  const values = valuesOf(nodes)
  const kinds = nodes.filter((node) => valuesOf([node]).length === 0).map((node) => kindOf(node, given))
  const list = values.map((value) => JSON.stringify(value)).join(', ')
  if (kinds.includes(undefined)) return undefined
  return [...new Set(kinds), list].filter((part) => part).join(', or ') || undefined
}

function kindOf(node: Node, given: unknown): string | undefined {
  if (node.type === 'number' || node.type === 'integer') return numberKind(node, given)
  if (node.type === 'boolean') return 'true or false'
  if (node.type === 'string') return `a string${counted(node.minLength, node.maxLength, 'character')}`
  if (node.type === 'array') return arrayKind(node)
  if (node.type === 'object') {
    const keys = keysOf([node])
    return keys.length > 0 ? `an object with the keys ${keys.join(', ')}` : 'an object'
  }
  return node.format === 'date-time' ? 'a date' : undefined
}

function arrayKind(node: Node): string {
  const each = node.prefixItems ? undefined : allowedBy(alternatives(node.items, undefined), undefined)
  return `an array${counted(node.minItems, node.maxItems, 'value')}${each ? `, each ${each}` : ''}`
}

/** " of 1 to 16 values" */
function counted(least = 0, most: number | undefined, unit: string): string {
  const many = (count: number) => `${count} ${unit}${count === 1 ? '' : 's'}`
  if (most !== undefined) return least === most ? ` of ${many(most)}` : ` of ${least} to ${many(most)}`
  return least > 0 ? ` of at least ${many(least)}` : ''
}

const SAFE = Number.MAX_SAFE_INTEGER

const isBeyond = (given: unknown) => Number.isInteger(given) && !Number.isSafeInteger(given)

function numberKind(node: Node, given: unknown): string {
  const whole = node.type === 'integer'
  const finite = typeof given === 'number' && !Number.isFinite(given) ? 'finite ' : ''
  const name = `a ${whole ? 'whole ' : finite}number`
  let { minimum: least, exclusiveMinimum: above, maximum: most, exclusiveMaximum: below } = node
  // All whole numbers are limited to those that are exact; who went beyond is told.
  if (whole && least === -SAFE && !isBeyond(given)) least = undefined
  if (whole && most === SAFE && !isBeyond(given)) most = undefined
  if (whole && Number.isInteger(above)) [least, above] = [Number(above) + 1, undefined]
  if (least !== undefined && most !== undefined) return `${name} from ${least} to ${most}`
  const limits = [
    above === undefined ? '' : `above ${above}`,
    least === undefined ? '' : `of at least ${least}`,
    below === undefined ? '' : `below ${below}`,
    most === undefined ? '' : `of at most ${most}`,
  ]
  const said = limits.filter((limit) => limit).join(' and ')
  return said ? `${name} ${said}` : name
}
