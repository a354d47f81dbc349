// What the client says of Duly, beside what the OpenAPI document says. It only has to compile.
import type { components } from './duly'
import type { Change, Changes, Command, List, Problem, Result, Task } from './types'

type Schemas = components['schemas']
type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : never) : never

export const same: [
  Same<Task, Schemas['TaskRead']>,
  Same<List, Schemas['ListRead']>,
  Same<keyof Task, keyof Schemas['TaskRead']>,
  Same<keyof List, keyof Schemas['ListRead']>,
] = [true, true, true, true]

// All that Duly says is understood, and all that is sent is acceptable.
export const change = (said: Schemas['Change']): Change => said
export const changes = (said: Schemas['Changes']): Changes => said
export const problem = (said: Schemas['ProblemDocument']): Problem => said
export const result = (said: Schemas['SyncResult']): Result => said
export const command = (sent: Command): NonNullable<Schemas['Sync']['commands']>[number] => sent
