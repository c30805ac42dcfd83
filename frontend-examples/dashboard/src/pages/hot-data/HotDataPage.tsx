export default function HotDataPage() { return null; }
