import { Replica } from 'duly-client/index'
export default function P() { return <p>{typeof Replica}</p> }
